"""Answers of Azure's pronunciation assessment, as its REST interface and its SDKs give them.

    {"id": "b1", "azure": {"RecognitionStatus": "Success", "NBest": [{"AccuracyScore": 90.0,
     "PronScore": 88.0, "Words": [{"Word": "we", "Phonemes": [{"Phoneme": "w", "AccuracyScore": 97.0}]}]}]}}

REST writes the scores beside the words, and the SDKs in a `PronunciationAssessment` of their own. Azure has a
lexicon of its own: where its phonemes are not the canonical phones of a clip, they are left out, and only the
scores of the utterance count.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any, cast

from enunciate.evaluation.outside.answer import PHONE_TOP, UTTERANCE_TOP, Answer, PhoneAnswer
from enunciate.phones import strip_stress, to_ipa
from enunciate.phones.inventory import PHONES
from enunciate.schema import Utterance

logger = logging.getLogger(__name__)

MODEL = "Azure pronunciation assessment"
SCALE = 100.0
_ASPECTS = {
    "accuracy": "AccuracyScore",
    "fluency": "FluencyScore",
    "prosodic": "ProsodyScore",
    "total": "PronScore",
    "completeness": "CompletenessScore",
}
_FROM_IPA = {to_ipa(phone): phone for phone in PHONES}
Fields = Mapping[str, Any]


def answer_from_azure(id: str, response: Fields, utterance: Utterance) -> Answer:
    """Return a response as an answer; without speech, or with another status, it has no scores.

    Raises:
        ValueError: A score is not a number from 0 to 100.
    """
    entries = _listed(response, "NBest")
    if not entries:
        return Answer(id=id, model=MODEL, error=str(response.get("RecognitionStatus", "no NBest")))
    best = entries[0]
    scores: dict[str, Any] = {name: _grade(best, key, UTTERANCE_TOP) for name, key in _ASPECTS.items()}
    phones = tuple(_phones(best))
    canonical = [strip_stress(phone) for word in utterance.words or () for phone in word.phones]
    if phones and [phone.phone for phone in phones] != canonical:
        logger.warning("%s: Azure's phonemes are not the canonical phones, and are left out", id)
        phones = ()
    return Answer(id=id, model=MODEL, phones=phones or None, transcript=best.get("Lexical"), **scores)


def _phones(best: Fields) -> Iterator[PhoneAnswer]:
    for word in _listed(best, "Words"):
        for phoneme in _listed(word, "Phonemes"):
            name = str(phoneme["Phoneme"])
            known = _FROM_IPA.get(name, strip_stress(name.upper().replace("AX", "AH")))
            heard = _most_likely(phoneme)
            yield PhoneAnswer(phone=known, score=_grade(phoneme, "AccuracyScore", PHONE_TOP), heard=heard)


def _most_likely(phoneme: Fields) -> str | None:
    """The first of the phonemes heard, where Azure was asked for them and it is one of ARPAbet."""
    candidates = _listed(phoneme, "NBestPhonemes") or _listed(_own(phoneme), "NBestPhonemes")
    name = str(candidates[0]["Phoneme"]) if candidates else ""
    known = _FROM_IPA.get(name, strip_stress(name.upper()))
    return known if known in PHONES else None


def _listed(part: Fields, key: str) -> list[Fields]:
    return cast("list[Fields]", part.get(key) or [])


def _own(part: Fields) -> Fields:
    return cast("Fields", part.get("PronunciationAssessment") or {})


def _grade(part: Fields, key: str, top: float) -> float | None:
    value = part.get(key, _own(part).get(key))
    if value is None:
        return None
    if not isinstance(value, int | float) or not 0 <= value <= SCALE:
        raise ValueError(f"'{key}' is {value!r}, not a number from 0 to {SCALE:g}")
    return value / SCALE * top
