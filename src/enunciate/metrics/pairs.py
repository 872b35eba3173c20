"""An utterance beside what the engine said of it, and the same phone by phone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from enunciate.errors import CorpusError, EnunciateError
from enunciate.phones import strip_stress
from enunciate.schema import MISPRONOUNCED_BELOW, Assessment, PhoneResult, ReferenceWord, Utterance

DELETED = "<DEL>"


class PhoneMismatchError(EnunciateError):
    """An assessment's phones are not the canonical phones of its utterance, so they cannot be compared."""

    code = "phone_mismatch"


@dataclass(frozen=True)
class Evaluated:
    """One utterance with its labels, and what an engine made of it."""

    utterance: Utterance
    assessment: Assessment | None
    """None where the engine failed."""
    free_phones: tuple[str, ...] | None
    """What was recognised without the text; None where that failed, or the engine cannot."""

    @property
    def speaker(self) -> str:
        """Who spoke; an utterance of an unknown speaker counts as a speaker of its own."""
        return self.utterance.speaker or f"\0{self.utterance.id}"


@dataclass(frozen=True)
class JudgedPhone:
    """A canonical phone, judged by people and by an engine. Phones are without stress."""

    canonical: str
    human_score: float | None
    pronounced: tuple[str, ...] | None
    """The annotated diagnosis: () for a deletion; None where there is no annotation."""
    predicted: PhoneResult | None
    """None where the engine gave no answer."""

    @property
    def is_error(self) -> bool | None:
        """Whether people found it mispronounced; None where nobody scored it."""
        return None if self.human_score is None else self.human_score < MISPRONOUNCED_BELOW

    @property
    def reference(self) -> tuple[str, ...]:
        """What was said, as far as it is annotated."""
        return (self.canonical,) if self.pronounced is None else self.pronounced

    @property
    def hypothesis(self) -> tuple[str, ...]:
        """What the engine says was said: the canonical phone unless it is flagged."""
        if self.predicted is None:
            return ()
        return self.heard if self.predicted.mispronounced else (self.canonical,)

    @property
    def heard(self) -> tuple[str, ...]:
        """The phones heard in this place; () for a deletion."""
        return spoken_phones((self.predicted.heard if self.predicted else None) or "")


def spoken_phones(label: str) -> tuple[str, ...]:
    """Reads an annotator's label: `"IH R"` -> `("IH", "R")`, `"T*"` -> `("T",)`, `"<DEL>"` -> `()`."""
    tokens = (token.strip("*") for token in label.split())
    return tuple(strip_stress(token) for token in tokens if token and token.upper() != DELETED)


def judged_phones(pair: Evaluated) -> list[JudgedPhone]:
    """Sets people's and the engine's judgement of each canonical phone side by side.

    An engine that failed, or that returned no words (it refuses a text that was not what was said), gave
    no answer for any phone.

    Raises:
        PhoneMismatchError: the assessment has other phones than the utterance.
        CorpusError: the labels do not fit the canonical phones.
    """
    words = pair.utterance.words or ()
    canonical = [strip_stress(phone) for word in words for phone in word.phones]
    labels = [label for word in words for label in _labels(pair.utterance.id, word)]
    predicted = _predictions(pair, canonical)
    return [
        JudgedPhone(phone, score, pronounced, result)
        for phone, (score, pronounced), result in zip(canonical, labels, predicted, strict=True)
    ]


def is_annotated(pair: Evaluated) -> bool:
    """Whether people wrote down what was said instead (perhaps nothing) for any word of the utterance."""
    return any(word.mispronunciations is not None for word in pair.utterance.words or ())


def _predictions(pair: Evaluated, canonical: Sequence[str]) -> Sequence[PhoneResult | None]:
    if pair.assessment is None or not pair.assessment.words:
        return [None] * len(canonical)
    results = [phone for word in pair.assessment.words for phone in word.phones]
    found = [strip_stress(result.phone) for result in results]
    if found != list(canonical):
        raise PhoneMismatchError(
            f"utterance {pair.utterance.id}: the assessment has {len(found)} phones ({' '.join(found)}) where"
            f" the corpus has {len(canonical)} ({' '.join(canonical)}). To be evaluated, an engine must"
            " score the phones of utterance.words, in ARPAbet"
        )
    return results


def _labels(utterance_id: str, word: ReferenceWord) -> list[tuple[float | None, tuple[str, ...] | None]]:
    """(human score, diagnosis) of each phone of a word."""
    place = f"utterance {utterance_id}, word {word.text}"
    scores: Sequence[float | None] = word.phone_scores or [None] * len(word.phones)
    if len(scores) != len(word.phones):
        raise CorpusError(
            f"{place}: {len(scores)} phone scores for {len(word.phones)} phones; mend the corpus"
        )
    diagnoses: list[tuple[str, ...] | None] = [None] * len(word.phones)
    for item in word.mispronunciations or ():
        if not 0 <= item.index < len(word.phones):
            raise CorpusError(
                f"{place}: a mispronunciation of phone {item.index} of {len(word.phones)}; mend it"
            )
        diagnoses[item.index] = spoken_phones(item.pronounced)
    return list(zip(scores, diagnoses, strict=True))
