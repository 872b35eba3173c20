"""The answers of an evaluation as files that `enunciate evaluate --answers` measures, with intervals."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from enunciate.schema import ASPECTS
from enunciate.speech_lm.decoding.decoded_answer import DecodedAnswer, expectation
from enunciate.speech_lm.targets import MddAnswer, Unparsable
from enunciate.speech_lm.training.answer_metrics import TaskAnswer
from enunciate.storage import write_whole, writing_to

ANSWERS, MOST_LIKELY = "answers.jsonl", "answers-most-likely.jsonl"
"""The scores of the first are expectations where there are distributions; those of the second, integers."""


def save_answers(answers: Sequence[TaskAnswer], model: str, folder: Path, prefix: str = "") -> None:
    """Write a row for each clip, with the answers to all tasks.

    Args:
        answers: The answers about all clips.
        model: Who answers.
        folder: Where `ANSWERS` and `MOST_LIKELY` are written.
        prefix: What the names of the files begin with.

    Raises:
        OutputError: A file cannot be written.
    """
    for name, expected in ((ANSWERS, True), (MOST_LIKELY, False)):
        rows: dict[str, dict[str, Any]] = {}
        for answer in answers:
            row = rows.setdefault(answer.utterance.id, {"id": answer.utterance.id, "model": model})
            row |= _fields(answer.decoded, expected)
        with writing_to(folder):
            write_whole(folder / f"{prefix}{name}", "".join(json.dumps(row) + "\n" for row in rows.values()))


def _fields(decoded: DecodedAnswer, expected: bool) -> dict[str, Any]:
    given = decoded.answer
    if isinstance(given, Unparsable):
        return {"error": "an answer does not parse"}
    if isinstance(given, MddAnswer):
        return {"transcript": given.word_transcript, "free_phones": list(given.phones)}
    if decoded.distributions is None or not expected:
        return {aspect: getattr(given, aspect) for aspect in ASPECTS}
    return {aspect: round(expectation(decoded.distributions[aspect]), 4) for aspect in ASPECTS}
