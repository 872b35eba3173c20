"""The evaluation of a system that is not part of this package: by its program, or by its file of answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from enunciate.evaluation.outside.answers_file import read_answers
from enunciate.evaluation.outside.program import ANSWERS, run_program
from enunciate.evaluation.run import evaluate_predictions
from enunciate.metrics.results import Results
from enunciate.schema import Utterance


def evaluate_outside(
    command: str | None, answers: Path | None, utterances: Sequence[Utterance], folder: Path
) -> Results:
    """Write `predictions.jsonl` and `results.json` of another system, as `evaluate` does for an engine.

    Args:
        command: The program to run first, such as "python mine.py {manifest} {out}".
        answers: Where there is no command, the file of the answers.
        utterances: The corpus with its labels.
        folder: Where to write.

    Raises:
        OutputError: The program failed, or the answers are wrong; the message names each problem.
        MissingExtraError: scipy, kaldialign or jiwer is not installed.
    """
    if command is not None:
        run_program(command, utterances, folder)
        answers = folder / ANSWERS
    assert answers is not None, "either a command or a file of answers is given"
    return evaluate_predictions(read_answers(answers, utterances), utterances, folder)
