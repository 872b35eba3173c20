"""A file of a system's answers: JSON lines, whose rows may have any of four forms.

- the short form (`answer`);
- what `enunciate assess` writes, an `Assessment` or a `Failure`;
- the id and a response of Azure's pronunciation assessment (`azure`);
- the id and a result of OpenPronounce (`openpronounce`).

A clip without a row counts as failed, as does one with an error: a system never gains by leaving a clip out.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from enunciate.clip_lists.entry import first_problem
from enunciate.corpus.problems import Problems
from enunciate.errors import CorpusError, OutputError
from enunciate.evaluation.outside.answer import Answer
from enunciate.evaluation.outside.azure import answer_from_azure
from enunciate.evaluation.outside.openpronounce import answer_from_openpronounce
from enunciate.evaluation.run import Prediction
from enunciate.metrics.pairs import Evaluated, PhoneMismatchError, judged_phones
from enunciate.schema import Assessment, Failure, Utterance

logger = logging.getLogger(__name__)

NO_ROW = "no_answer: the file of answers has no row for this clip"


def read_answers(path: Path, utterances: Sequence[Utterance]) -> list[Prediction]:
    """Return a prediction for each utterance, in order.

    Raises:
        OutputError: The file cannot be read, answers none of the clips, or has rows that are wrong; the
            message has a line for each problem.
    """
    known = {utterance.id: utterance for utterance in utterances}
    found: dict[str, Prediction] = {}
    problems = Problems()
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        try:
            row = _prediction(line, known)
            if row.id in found:
                raise ValueError(f"the id '{row.id}' comes a second time")
            found[row.id] = row
        except ValidationError as error:
            problems.add(f"line {number}", first_problem(error))
        except (ValueError, KeyError, TypeError, PhoneMismatchError) as error:
            problems.add(f"line {number}", str(error))
    try:
        problems.raise_if_any(str(path))
    except CorpusError as error:
        raise OutputError(f"{error}\nWrite the answers as docs/other-systems.md describes") from None
    if not found:
        raise OutputError(f"{path} has no answers: write a line of JSON for each clip")
    missing = len(utterances) - len(found)
    if missing:
        logger.warning("%s has no row for %d of %d clips: they count as failed", path, missing, len(known))
    return [found.get(one.id) or _failed(one, NO_ROW) for one in utterances]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise OutputError(f"{path} cannot be read ({error}): give a UTF-8 file of JSON lines") from None


def _prediction(line: str, known: dict[str, Utterance]) -> Prediction:
    row: Any = json.loads(line)
    if not isinstance(row, dict):
        raise ValueError("not a JSON object")
    fields = cast("dict[str, Any]", row)
    utterance = known.get(str(fields.get("id")))
    if utterance is None:
        raise ValueError(f"the id {fields.get('id')!r} is not one of the clips")
    if "azure" in fields:
        return _of_answer(answer_from_azure(utterance.id, fields["azure"], utterance), utterance)
    if "openpronounce" in fields:
        answer = answer_from_openpronounce(utterance.id, fields["openpronounce"], utterance)
        return _of_answer(answer, utterance)
    if "used_reference" in fields:
        return _of_assessment(Assessment.model_validate_json(line), utterance)
    if isinstance(fields.get("error"), dict):
        error = Failure.model_validate_json(line).error
        return _failed(utterance, f"{error.code}: {error.message}")
    return _of_answer(Answer.model_validate_json(line), utterance)


def _of_assessment(assessment: Assessment, utterance: Utterance) -> Prediction:
    judged_phones(Evaluated(utterance, assessment, None))  # raises where the phones are others
    return Prediction(
        id=utterance.id, speaker=utterance.speaker, assessment=assessment, free_phones=None, error=None
    )


def _of_answer(answer: Answer, utterance: Utterance) -> Prediction:
    return Prediction(
        id=utterance.id,
        speaker=utterance.speaker,
        assessment=answer.assessment(utterance),
        free_phones=answer.free_phones,
        error=None if answer.error is None else f"error: {answer.error}",
    )


def _failed(utterance: Utterance, error: str) -> Prediction:
    return Prediction(
        id=utterance.id, speaker=utterance.speaker, assessment=None, free_phones=None, error=error
    )
