"""The tables of `docs/experiments.md`, from folders that `enunciate train` wrote with `protocol=official`.

    python benchmarks/whisper_table.py --corpus C --run lora=B1,B2,B3 --run unfreeze=U1,U2,U3

Each run has a folder for each seed. Prints the mean over the seeds with its range and the interval of the
first seed; the differences of all pairs of runs; those of expected and most likely scores; and the epochs of
the first seed. A difference is that of the means over the seeds; its interval is paired: the same speakers
are drawn for all. `--total-weights 0.712 0.137 0.189 -0.701` adds runs whose expected totals are that
sum of their other expected scores, as the recipe's `target.total_weights` makes them.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from enunciate.corpus.labels import heard_phones
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.metrics.bootstrap import (
    SumStatistic,
    pcc_of_sums,
    pcc_rows,
    ratio_of_sums,
    sums_interval,
)
from enunciate.metrics.correlation import FloatArray
from enunciate.phones.alignment import count_edits
from enunciate.reading.plain_words import plain_words
from enunciate.schema import ASPECTS, Utterance
from enunciate.speech_lm.training.saved_answers import ANSWERS, MOST_LIKELY

PER, WER = "PER", "WER"
COLUMNS = (*ASPECTS, PER, WER)


@dataclass(frozen=True)
class Sums:
    """One metric of all seeds of a run: what each utterance adds to the sums, (utterances, seeds * K)."""

    statistic: SumStatistic
    rows: FloatArray
    seeds: int

    def of_seeds(self, sums: FloatArray) -> list[FloatArray]:
        """Return the metric of each seed, for sums of shape (draws, seeds * K)."""
        return [self.statistic(part) for part in np.split(sums, self.seeds, axis=1)]

    def mean(self, sums: FloatArray) -> FloatArray:
        """Return the mean over the seeds."""
        return np.mean(self.of_seeds(sums), axis=0)

    @property
    def values(self) -> list[float]:
        """The metric of each seed over all utterances."""
        return [float(value[0]) for value in self.of_seeds(self.rows.sum(axis=0, keepdims=True))]

    @property
    def first(self) -> FloatArray:
        """The summands of the first seed."""
        return np.split(self.rows, self.seeds, axis=1)[0]


def measure(
    files: Sequence[Path], utterances: Sequence[Utterance], total_weights: Sequence[float] | None = None
) -> dict[str, Sums]:
    """Return the metrics of the answers in files, one file for each seed."""
    parts: dict[str, list[FloatArray]] = {}
    for file in files:
        rows = {row["id"]: row for row in map(json.loads, file.read_text().splitlines())}
        if total_weights is not None:
            for row in rows.values():
                row["total"] = np.dot(total_weights, [*(row[aspect] for aspect in ASPECTS[:3]), 1])
        for name, part in _summands([rows[utterance.id] for utterance in utterances], utterances).items():
            parts.setdefault(name, []).append(part)
    return {
        name: Sums(pcc_of_sums if name in ASPECTS else ratio_of_sums, np.hstack(own), len(files))
        for name, own in parts.items()
    }


def _summands(rows: Sequence[dict[str, Any]], utterances: Sequence[Utterance]) -> dict[str, FloatArray]:
    found = {
        aspect: pcc_rows(
            human_scores(utterances, aspect), np.array([row[aspect] for row in rows], dtype=float)
        )
        for aspect in ASPECTS
    }
    pairs = list(zip(rows, utterances, strict=True))
    edits = [count_edits(heard_phones(utterance), row["free_phones"]) for row, utterance in pairs]
    words = [count_edits(_words(utterance), row["transcript"].split()) for row, utterance in pairs]
    for name, counts in ((PER, edits), (WER, words)):
        found[name] = np.array([(edit.errors, edit.n_reference) for edit in counts], dtype=float)
    return found


def _words(utterance: Utterance) -> list[str]:
    return [plain for word in utterance.words or () for plain in plain_words(word.text)]


def human_scores(utterances: Sequence[Utterance], aspect: str) -> FloatArray:
    """Return the human scores of one aspect."""
    return np.array([getattr(utterance.scores, aspect) for utterance in utterances], dtype=float)


# ---------------------------------------------------------------------------------------------- the tables


def print_table(title: str, rows: Sequence[Sequence[str]], columns: Sequence[str] = COLUMNS) -> None:
    """As Markdown."""
    print(f"\n{title}\n\n| | {' | '.join(columns)} |\n|{'---|' * (len(columns) + 1)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")


def figure(sums: Sums, speakers: Sequence[str]) -> str:
    """The mean over the seeds, their range if there are several, and the interval of the first."""
    values = sums.values
    interval = sums_interval(sums.statistic, sums.first, speakers)
    assert interval is not None
    of_first = f"{interval[0]:.3f} to {interval[1]:.3f}"
    extent = f" [{min(values):.3f}, {max(values):.3f}]" if len(values) > 1 else ""
    return f"{np.mean(values):.3f}{extent} ({of_first})"


def difference(own: Sums, other: Sums, speakers: Sequence[str]) -> str:
    """The difference of the means over the seeds; in bold where the interval leaves out 0."""
    width = own.rows.shape[1]  # the two may differ in their number of seeds

    def less(sums: FloatArray) -> FloatArray:
        return own.mean(sums[:, :width]) - other.mean(sums[:, width:])

    interval = sums_interval(less, np.hstack([own.rows, other.rows]), speakers)
    assert interval is not None
    text = f"{np.mean(own.values) - np.mean(other.values):+.3f} ({interval[0]:+.3f} to {interval[1]:+.3f})"
    return f"**{text}**" if interval[0] > 0 or interval[1] < 0 else text


def print_epochs(name: str, folder: Path) -> None:
    """Print the evaluations in the log of one run: most likely and expected scores, and errors."""
    rows: list[list[str]] = []
    for line in map(json.loads, (folder / "log.jsonl").read_text().splitlines()):
        if "eval_per" in line:
            keys = [(f"eval_{aspect}_pcc", f"eval_{aspect}_pcc_expected") for aspect in ASPECTS]
            scores = [f"{line[likely]:.3f}, {line[expected]:.3f}" for likely, expected in keys]
            errors = [f"{line[key]:.3f}" for key in ("eval_per", "eval_wer")]
            rows.append([f"step {line['step']}", *scores, *errors])
    print_table(f"Epochs of {name}: most likely, expected", rows)


def main() -> None:
    """Read the command line, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--run", action="append", required=True, metavar="NAME=FOLDER,FOLDER,...")
    parser.add_argument("--total-weights", type=float, nargs=4)
    arguments = parser.parse_args()
    named = [run.split("=", 1) for run in arguments.run]
    folders = {name: [Path(folder) for folder in listed.split(",")] for name, listed in named}
    utterances = load_corpus(arguments.corpus, "test")
    speakers = [str(utterance.speaker) for utterance in utterances]
    runs = {
        (name, kind): measure([folder / file for folder in own], utterances)
        for name, own in folders.items()
        for kind, file in (("expected", ANSWERS), ("most likely", MOST_LIKELY))
    }
    combined = "expected, total from its parts"
    if arguments.total_weights:
        runs |= {
            (name, combined): measure([one / ANSWERS for one in own], utterances, arguments.total_weights)
            for name, own in folders.items()
        }
    print_table(
        "Mean over the seeds [least, most] (interval of the first seed)",
        [[", ".join(run), *(figure(own[c], speakers) for c in COLUMNS)] for run, own in runs.items()],
    )
    pairs = [((a, "expected"), (b, "expected")) for a, b in combinations(folders, 2)]
    pairs += [((name, "expected"), (name, "most likely")) for name in folders]
    if arguments.total_weights:
        pairs += [((name, combined), (name, "expected")) for name in folders]
        pairs += [((a, combined), (b, combined)) for a, b in combinations(folders, 2)]
    print_table(
        "Differences",
        [
            [
                f"{', '.join(a)} - {', '.join(b)}",
                *(difference(runs[a][c], runs[b][c], speakers) for c in COLUMNS),
            ]
            for a, b in pairs
        ],
    )
    for name, own in folders.items():
        print_epochs(name, own[0])


if __name__ == "__main__":
    main()
