"""One labelled record of Speechocean762 as an `Utterance`.

The label file and the Hugging Face copy have the same record: the words, with a score for each canonical
phone, and the scores of the utterance. Copies differ in detail. A label may be absent, which becomes None,
and `phones` is a list in some copies and a space-separated string in others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from pydantic import ValidationError

from enunciate.corpus.problems import Problems
from enunciate.schema import HumanScores, Mispronunciation, ReferenceWord, Utterance

UTTERANCE_MAXIMUM = 10
PHONE_MAXIMUM = 2


def utterance_from_record(
    fields: dict[str, Any], record: Any, where: str, problems: Problems
) -> Utterance | None:
    """Add the labels of a record to the fields of an utterance.

    Args:
        fields: The fields of `Utterance` that are no labels: id, audio, text and speaker.
        record: The record; anything but a mapping is a problem.
        where: The place of the record, for messages.
        problems: Receives whatever is wrong.

    Returns:
        The utterance; None where the record has a problem.
    """
    if not isinstance(record, Mapping):
        problems.add(where, "must be an object with 'words'")
        return None
    labels = cast("Mapping[str, Any]", record)
    n_problems = len(problems.lines)
    words = _words(labels, where, problems)
    scores = _scores(labels, where, problems)
    if len(problems.lines) > n_problems:
        return None
    try:
        return Utterance(**fields, words=words, scores=scores)
    except ValidationError as error:
        problems.add(where, _first_error(error))
        return None


def is_score(value: Any, maximum: float) -> bool:
    """Whether a value is a number from 0 to a maximum."""
    return isinstance(value, int | float) and 0 <= value <= maximum


def _scores(labels: Mapping[str, Any], where: str, problems: Problems) -> HumanScores | None:
    given = {name: labels[name] for name in HumanScores.model_fields if labels.get(name) is not None}
    for name, value in given.items():
        if not is_score(value, UTTERANCE_MAXIMUM):
            problems.add(where, f"'{name}' is {value!r}, not a score of 0 to {UTTERANCE_MAXIMUM}")
            return None
    return HumanScores(**given) if given else None


def _words(labels: Mapping[str, Any], where: str, problems: Problems) -> tuple[ReferenceWord, ...] | None:
    listed = labels.get("words")
    if not isinstance(listed, list) or not listed:
        problems.add(where, "'words' must be a list with the words of the text")
        return None
    words: list[ReferenceWord] = []
    for index, word in enumerate(cast("list[Any]", listed)):
        try:
            words.append(_word(word))
        except ValidationError as error:
            problems.add(where, f"word {index}: {_first_error(error)}")
        except (KeyError, TypeError, ValueError) as error:
            reason = f"lacks {error}" if isinstance(error, KeyError) else str(error)
            problems.add(where, f"word {index}: {reason}")
    return tuple(words)


def _word(word: Mapping[str, Any]) -> ReferenceWord:
    phones = word["phones"].split() if isinstance(word["phones"], str) else word["phones"]
    scores = word.get("phones-accuracy")
    if not phones:
        raise ValueError("has no phones")
    if scores is not None:
        if len(scores) != len(phones):
            raise ValueError(f"has {len(phones)} phones, but {len(scores)} phone scores")
        if not all(is_score(score, PHONE_MAXIMUM) for score in scores):
            raise ValueError(f"has phone scores outside 0 to {PHONE_MAXIMUM}: {scores}")
    return ReferenceWord(
        text=word["text"],
        phones=tuple(phones),
        phone_scores=None if scores is None else tuple(scores),
        accuracy=word.get("accuracy"),
        stress=word.get("stress"),
        total=word.get("total"),
        mispronunciations=_mispronunciations(word.get("mispronunciations")),
    )


def _mispronunciations(listed: list[Mapping[str, Any]] | None) -> tuple[Mispronunciation, ...] | None:
    if listed is None:
        return None
    return tuple(
        Mispronunciation(
            canonical=item["canonical-phone"], index=item["index"], pronounced=item["pronounced-phone"]
        )
        for item in listed
    )


def _first_error(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"'{'.'.join(str(part) for part in first['loc'])}': {first['msg']}"
