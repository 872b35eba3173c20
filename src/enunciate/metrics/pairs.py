"""An utterance paired with the engine's results, as a whole and phone by phone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from enunciate.corpus.labels import DELETED
from enunciate.errors import CorpusError, EnunciateError
from enunciate.phones import strip_stress
from enunciate.schema import MISPRONOUNCED_BELOW, Assessment, PhoneResult, ReferenceWord, Utterance


class PhoneMismatchError(EnunciateError):
    """The phones of an assessment are not the canonical phones of its utterance: they cannot be compared."""

    code = "phone_mismatch"


@dataclass(frozen=True)
class Evaluated:
    """One utterance with its labels, and an engine's results for it."""

    utterance: Utterance
    assessment: Assessment | None
    """None where the engine failed."""
    recognised_phones: tuple[str, ...] | None
    """Phones recognised without the reference text; None where that failed, or the engine cannot."""

    @property
    def speaker(self) -> str:
        """The speaker; an utterance of an unknown speaker counts as a speaker of its own."""
        return self.utterance.speaker or f"\0{self.utterance.id}"


@dataclass(frozen=True)
class JudgedPhone:
    """A canonical phone, judged by human raters and by an engine. Phones carry no stress."""

    canonical: str
    human_score: float | None
    pronounced: tuple[str, ...] | None
    """The annotated realised phones: () for a deletion; None where there is no annotation."""
    predicted: PhoneResult | None
    """None where the engine gave no answer."""

    @property
    def is_error(self) -> bool | None:
        """Whether human raters found it mispronounced; None where nobody scored it."""
        return None if self.human_score is None else self.human_score < MISPRONOUNCED_BELOW

    @property
    def reference(self) -> tuple[str, ...]:
        """The realised phones, as far as they are annotated."""
        return (self.canonical,) if self.pronounced is None else self.pronounced

    @property
    def hypothesis(self) -> tuple[str, ...]:
        """The realised phones according to the engine: the canonical phone unless it is flagged."""
        if self.predicted is None:
            return ()
        return self.heard if self.predicted.mispronounced else (self.canonical,)

    @property
    def heard(self) -> tuple[str, ...]:
        """The phones that the engine heard here; () for a deletion."""
        return parse_phone_label((self.predicted.heard if self.predicted else None) or "")


def parse_phone_label(label: str) -> tuple[str, ...]:
    """Parse an annotator's label: `"IH R"` -> `("IH", "R")`, `"T*"` -> `("T",)`, `"<DEL>"` -> `()`."""
    tokens = (token.strip("*") for token in label.split())
    return tuple(strip_stress(token) for token in tokens if token and token.upper() != DELETED)


def judged_phones(pair: Evaluated) -> list[JudgedPhone]:
    """Pair the human and the engine's judgement of each canonical phone.

    An engine that failed, or that returned no words (because it found that the text was not read), gave no
    answer for any phone.

    Raises:
        PhoneMismatchError: The assessment has other phones than the utterance.
        CorpusError: The labels do not fit the canonical phones.
    """
    words = pair.utterance.words
    if words is None:  # nobody wrote down the phones, so there is none to judge
        return []
    canonical = [strip_stress(phone) for word in words for phone in word.phones]
    labels = [label for word in words for label in _labels(pair.utterance.id, word)]
    predicted = _predictions(pair, canonical)
    return [
        JudgedPhone(phone, score, pronounced, result)
        for phone, (score, pronounced), result in zip(canonical, labels, predicted, strict=True)
    ]


def is_annotated(pair: Evaluated) -> bool:
    """Whether the realised phones are annotated for any word of the utterance."""
    return any(word.mispronunciations is not None for word in pair.utterance.words or ())


def _predictions(pair: Evaluated, canonical: Sequence[str]) -> Sequence[PhoneResult | None]:
    if pair.assessment is None or not pair.assessment.words:
        return [None] * len(canonical)
    results = [phone for word in pair.assessment.words for phone in word.phones]
    assessed = [strip_stress(result.phone) for result in results]
    if assessed != list(canonical):
        raise PhoneMismatchError(
            f"utterance {pair.utterance.id}: the assessment has {len(assessed)} phones ({' '.join(assessed)})"
            f" but the corpus has {len(canonical)} ({' '.join(canonical)}). To be evaluated, an engine must"
            " score the phones of utterance.words, in ARPAbet"
        )
    return results


def _labels(utterance_id: str, word: ReferenceWord) -> list[tuple[float | None, tuple[str, ...] | None]]:
    """The human score and the annotated realised phones of each phone of a word."""
    place = f"utterance {utterance_id}, word {word.text}"
    scores: Sequence[float | None] = word.phone_scores or [None] * len(word.phones)
    if len(scores) != len(word.phones):
        raise CorpusError(
            f"{place}: {len(scores)} phone scores for {len(word.phones)} phones; fix the corpus"
        )
    diagnoses: list[tuple[str, ...] | None] = [None] * len(word.phones)
    for item in word.mispronunciations or ():
        if not 0 <= item.index < len(word.phones):
            raise CorpusError(
                f"{place}: a mispronunciation of phone {item.index} of {len(word.phones)}; fix the corpus"
            )
        diagnoses[item.index] = parse_phone_label(item.pronounced)
    return list(zip(scores, diagnoses, strict=True))
