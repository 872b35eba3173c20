"""The tables of `docs/experiments.md`, from the output of `nano_experiments.py run`.

    python benchmarks/nano_table.py --corpus C --out OUT [--seeds OUT2 OUT3 ...]

The first table has the metrics of each variant, with 95% bootstrap intervals over speakers; the folds are
pooled. The second has the difference of each variant from `lora`, with paired intervals: the same speakers
are drawn for both. The third has the metrics of every seed; `--seeds` are folders of runs with other seeds.
An answer that does not parse counts as the mean of the others when scores are correlated, and as nothing
heard when phones are compared.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from nano_experiments import FOLDS, VARIANTS, slug

from enunciate.corpus.labels import heard_phones
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.metrics.bootstrap import (
    SumStatistic,
    pcc_of_sums,
    pcc_rows,
    ratio_of_sums,
    sums_difference_interval,
    sums_interval,
)
from enunciate.metrics.correlation import FloatArray
from enunciate.phones.alignment import count_edits
from enunciate.reading.plain_words import plain_words
from enunciate.schema import ASPECTS, Utterance
from enunciate.speech_lm.decoding.decoded_answer import expectation
from enunciate.speech_lm.targets import ApaAnswer, MddAnswer, parse

BASELINE = "lora"
TRANSCRIPT = ("WER", "PER", "phone match F1")
COLUMNS = (*ASPECTS, *(f"expected {aspect}" for aspect in ASPECTS), *TRANSCRIPT)


@dataclass(frozen=True)
class Sums:
    """One metric of a variant: what each utterance, in the order of `speakers`, adds to its sums."""

    statistic: SumStatistic
    rows: FloatArray
    speakers: tuple[str, ...]

    @property
    def value(self) -> float:
        """The metric over all utterances; NaN if it is undefined because all predictions are the same."""
        return float(self.statistic(self.rows.sum(axis=0, keepdims=True))[0])


@dataclass(frozen=True)
class VariantMetrics:
    """The metrics of one variant with one seed."""

    folds: int
    unparsable: int
    metrics: dict[str, Sums]


def measure(folder: Path, variant: str, utterances: dict[str, Utterance]) -> VariantMetrics | None:
    """Pool the folds that are finished; None if there are none."""
    paths = [folder / f"{slug(variant)}-{fold}.jsonl" for fold in range(FOLDS)]
    lines = [line for path in paths if path.exists() for line in path.read_text().splitlines()]
    rows = sorted((json.loads(line) for line in lines), key=lambda row: str(row["id"]))
    if not rows:
        return None
    metrics: dict[str, Sums] = {}
    unparsable = 0
    for task, add in (("apa", _scores), ("mdd", _transcripts)):
        asked = [row for row in rows if task in row]
        if asked:
            answers = [parse(task, row[task]["raw"]) for row in asked]
            unparsable += sum(not isinstance(answer, ApaAnswer | MddAnswer) for answer in answers)
            own = [utterances[row["id"]] for row in asked]
            tables = [row[task].get("distributions") for row in asked]
            metrics |= add(own, answers, tables)
    return VariantMetrics(sum(path.exists() for path in paths), unparsable, metrics)


def _scores(utterances: list[Utterance], answers: list[Any], tables: list[Any]) -> dict[str, Sums]:
    speakers = tuple(str(utterance.speaker) for utterance in utterances)
    sums: dict[str, Sums] = {}
    for aspect in ASPECTS:
        human = np.array([getattr(utterance.scores, aspect) for utterance in utterances], dtype=float)
        likely = [getattr(answer, aspect) if isinstance(answer, ApaAnswer) else np.nan for answer in answers]
        expected = [expectation(np.array(table[aspect])) if table else np.nan for table in tables]
        for name, values in ((aspect, likely), (f"expected {aspect}", expected)):
            predicted = np.array(values, dtype=float)
            if np.isfinite(predicted).any():
                filled = np.where(np.isnan(predicted), np.nanmean(predicted), predicted)
                sums[name] = Sums(pcc_of_sums, pcc_rows(human, filled), speakers)
    return sums


def _transcripts(utterances: list[Utterance], answers: list[Any], tables: list[Any]) -> dict[str, Sums]:
    del tables
    speakers = tuple(str(utterance.speaker) for utterance in utterances)
    rows: dict[str, list[tuple[int, int]]] = {name: [] for name in TRANSCRIPT}
    for utterance, answer in zip(utterances, answers, strict=True):
        phones = answer.phones if isinstance(answer, MddAnswer) else ()
        words = answer.word_transcript.split() if isinstance(answer, MddAnswer) else ()
        reference = [plain for word in utterance.words or () for plain in plain_words(word.text)]
        heard = count_edits(heard_phones(utterance), phones)
        spoken = count_edits(reference, words)
        rows["WER"].append((spoken.errors, spoken.n_reference))
        rows["PER"].append((heard.errors, heard.n_reference))
        rows["phone match F1"].append((2 * heard.hits, heard.n_reference + heard.n_hypothesis))
    return {name: Sums(ratio_of_sums, np.array(own, dtype=float), speakers) for name, own in rows.items()}


# ---------------------------------------------------------------------------------------------- the tables


def print_table(title: str, first: list[str], rows: list[list[str]]) -> None:
    """As Markdown."""
    header = [*first, *COLUMNS]
    print(f"\n{title}\n\n| {' | '.join(header)} |\n|{'---|' * len(header)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")


def figure(sums: Sums | None) -> str:
    """A figure and its interval; a dash where it is undefined, or was not asked for."""
    if sums is None or np.isnan(sums.value):
        return "-"
    interval = sums_interval(sums.statistic, sums.rows, sums.speakers)
    return f"{sums.value:.3f}" + (f" ({interval[0]:.3f} to {interval[1]:.3f})" if interval else "")


def difference(own: Sums | None, other: Sums | None) -> str:
    """Own less other, on the same utterances; in bold where the interval leaves out 0."""
    if own is None or other is None or len(own.rows) != len(other.rows) or np.isnan(own.value):
        return "-"
    interval = sums_difference_interval(own.statistic, own.rows, other.rows, own.speakers)
    if interval is None:
        return "-"
    text = f"{own.value - other.value:+.3f} ({interval[0]:+.3f} to {interval[1]:+.3f})"
    return f"**{text}**" if interval[0] > 0 or interval[1] < 0 else text


def main() -> None:
    """Read the command line, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=Path, nargs="*", default=[])
    arguments = parser.parse_args()
    utterances = {utterance.id: utterance for utterance in load_corpus(arguments.corpus, "test")}
    seeds = [
        {name: own for name in VARIANTS if (own := measure(folder, name, utterances)) is not None}
        for folder in (arguments.out, *arguments.seeds)
    ]
    whole = seeds[0]
    rows = [
        [name, str(own.folds), str(own.unparsable), *(figure(own.metrics.get(c)) for c in COLUMNS)]
        for name, own in whole.items()
    ]
    print_table("Figures", ["variant", "folds", "unparsable"], rows)
    if BASELINE in whole:
        base = whole[BASELINE].metrics
        rows = [
            [name, *(difference(own.metrics.get(c), base.get(c)) for c in COLUMNS)]
            for name, own in whole.items()
            if name != BASELINE
        ]
        print_table(f"Less {BASELINE}", ["variant"], rows)
    rows = [
        [name, *(", ".join(_each(seeds, name, column)) or "-" for column in COLUMNS)]
        for name in whole
        if sum(name in seed for seed in seeds) > 1
    ]
    if rows:
        print_table("Each seed", ["variant"], rows)


def _each(seeds: list[dict[str, VariantMetrics]], name: str, column: str) -> list[str]:
    return [
        f"{seed[name].metrics[column].value:.3f}"
        for seed in seeds
        if name in seed and column in seed[name].metrics
    ]


if __name__ == "__main__":
    main()
