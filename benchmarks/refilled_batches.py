"""What refilling batches of transcripts could save: the row-steps that wait for the longest answer.

    PYTHONPATH=src python benchmarks/refilled_batches.py --corpus FOLDER --ranks FILE [--answers FILE]

A batch of transcripts is decoded until its last answer is complete. The script counts, with the answers of a
model about the test split or else with the labels, which share of the row-steps comes after the end of a
row's answer: in batches that are sorted by the length of the clips as `Decoder` sorts them, in batches in the
order of the list, where each row that has ended is replaced by the next clip, and where it is dropped. Rows
are looked at after each step, or after as many as `greedy` takes between two looks. Nothing is timed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from phi4_answers import processor_of
from phi4_sizes import Report, tiny_size

from enunciate import audio
from enunciate.corpus.load import load_any_corpus
from enunciate.schema import Utterance
from enunciate.speech_lm.decoding.greedy import LOOK_EVERY
from enunciate.speech_lm.decoding.transcripts import transcript_opening
from enunciate.speech_lm.options import TargetConfig
from enunciate.speech_lm.targets import MddAnswer, render, target

BATCHES = (16, 32, 64, 128)


def answers_of(predictions: Path) -> dict[str, MddAnswer]:
    """Return the answers in a file that `enunciate evaluate` wrote, by the id of their clip."""
    found: dict[str, MddAnswer] = {}
    for line in predictions.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        words = (row.get("assessment") or row).get("transcript")
        if words and row["free_phones"]:
            found[row["id"]] = MddAnswer(
                word_transcript=words, phoneme_transcript=" ".join(row["free_phones"])
            )
    return found


def labels_of(utterances: Sequence[Utterance]) -> dict[str, MddAnswer]:
    """Return the answers that training asks for, by the id of their clip."""
    found = {one.id: target("mdd", one, TargetConfig()) for one in utterances}
    return {id: answer for id, answer in found.items() if isinstance(answer, MddAnswer)}


def batched(steps: Sequence[int], rows: int, look_every: int) -> int:
    """Return the row-steps of batches that run until their longest answer is complete."""
    batches = (steps[start : start + rows] for start in range(0, len(steps), rows))
    return sum(len(batch) * _rounded(max(batch), look_every) for batch in batches)


def refilled(steps: Iterable[int], rows: int, look_every: int) -> int:
    """Return the row-steps of one batch in which the next clip takes the place of a row that has ended."""
    queue, passes = list(steps)[::-1], 0
    left = [queue.pop() for _ in range(min(rows, len(queue)))]
    width = len(left)
    while left:
        passes += look_every
        left = [n - look_every for n in left if n > look_every]
        left += [queue.pop() for _ in range(min(width - len(left), len(queue)))]
    return passes * width


def shrunk(steps: Iterable[int], look_every: int) -> int:
    """Return the row-steps of batches out of which rows are dropped when they have ended."""
    return sum(_rounded(n, look_every) for n in steps)


def _rounded(n: int, look_every: int) -> int:
    return -(-n // look_every) * look_every


def main() -> None:
    """Count."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--answers", type=Path, help="predictions.jsonl of `enunciate evaluate`")
    parser.add_argument("--corpus", type=Path, required=True, help="the folder of Speechocean762")
    parser.add_argument("--ranks", type=Path, required=True, help="js-tiktoken's o200k_base.js")
    parser.add_argument("--out", type=Path, help="file that also receives the lines")
    given = parser.parse_args()
    processor, clips = (
        processor_of(tiny_size("cpu"), given.ranks),
        load_any_corpus(given.corpus, "test", None),
    )
    answers = answers_of(given.answers) if given.answers else labels_of(clips)
    fixed = len(transcript_opening(processor)) + 1  # and the end token, which is not chosen
    steps = {id: len(processor.answer_ids(render(answer))) - fixed for id, answer in answers.items()}
    clips = [one for one in clips if one.id in steps]
    seconds = {one.id: len(audio.load(one.audio).samples) / audio.SAMPLE_RATE_HZ for one in clips}
    listed = [steps[one.id] for one in clips]
    by_length = [steps[one.id] for one in sorted(clips, key=lambda one: -seconds[one.id])]
    report, needed = Report(given.out), sum(listed)
    report.line(event="answers", clips=len(clips), mean=needed / len(clips), longest=max(listed))
    for rows in BATCHES:
        for look_every in (1, LOOK_EVERY["cuda"]):
            counts = {
                "sorted": batched(by_length, rows, look_every),
                "in_list_order": batched(listed, rows, look_every),
                "sorted_and_refilled": refilled(by_length, rows, look_every),
                "sorted_and_shrunk": shrunk(by_length, look_every),
            }
            wasted = {f"wasted_{name}": 1 - needed / count for name, count in counts.items()}
            saved = {"passes_saved_by_refilling": 1 - counts["sorted_and_refilled"] / counts["sorted"]}
            report.line(event="row", batch=rows, look_every=look_every, **wasted, **saved)


if __name__ == "__main__":
    main()
