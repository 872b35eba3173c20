"""The answer of a system for one clip, in the short form that any program can write.

    {"id": "b1", "total": 7.5, "phones": [{"phone": "W", "score": 1.9}, {"phone": "IY", "heard": "IH"}]}
    {"id": "b2", "error": "the clip is too short"}

Whatever a system does not say stays open: an aspect that is missing has no score, and counts as not answered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from pydantic import Field, model_validator

from enunciate.assembly.words import build_word, mean_word_score
from enunciate.corpus.labels import DELETED
from enunciate.phones import strip_stress
from enunciate.phones.inventory import UNCLEAR
from enunciate.schema import (
    ASPECTS,
    MISPRONOUNCED_BELOW,
    Assessment,
    FrozenModel,
    PhoneQuality,
    PhoneResult,
    ReferenceWord,
    Score,
    Utterance,
    WordResult,
)

UTTERANCE_TOP, PHONE_TOP = 10.0, 2.0
UNNAMED = "unnamed system"
_UtteranceNumber = Annotated[float, Field(ge=0, le=UTTERANCE_TOP)]


class PhoneAnswer(FrozenModel):
    """The answer of a system about one canonical phone."""

    phone: str
    """ARPAbet; a stress digit is dropped."""
    score: Annotated[float, Field(ge=0, le=PHONE_TOP)] | None = None
    heard: str | None = None
    """The phones heard; `<DEL>` if none was heard, and `<unk>` for a sound that the system cannot name."""
    mispronounced: bool | None = None
    """Whether the phone counts as mispronounced. By default it does if its score is below 0.5 or, without a
    score, if another phone was heard."""

    @model_validator(mode="after")
    def _says_something(self) -> PhoneAnswer:
        if self.score is None and self.heard is None and self.mispronounced is None:
            raise ValueError(f"the phone {self.phone} needs 'score', 'heard' or 'mispronounced'")
        return self

    def result(self) -> PhoneResult:
        """Return the phone in the form of the contract, with the whole scale as the interval of its score."""
        phone = strip_stress(self.phone.upper())
        other = self.heard is not None and strip_stress(self.heard.upper()) != phone
        low = other if self.score is None else self.score < MISPRONOUNCED_BELOW
        flagged = low if self.mispronounced is None else self.mispronounced
        heard = self.heard or (UNCLEAR if flagged else phone)
        return PhoneResult(
            phone=phone,
            start_s=None,
            end_s=None,
            heard=None if heard.upper() == DELETED else heard,
            heard_probability=1.0,
            score=None if self.score is None else PhoneQuality(value=self.score, low=0, high=PHONE_TOP),
            mispronounced=flagged,
        )


class Answer(FrozenModel):
    """The answer of a system about one clip."""

    id: str
    model: str = UNNAMED
    """The name and version of the system."""
    accuracy: _UtteranceNumber | None = None
    fluency: _UtteranceNumber | None = None
    prosodic: _UtteranceNumber | None = None
    total: _UtteranceNumber | None = None
    completeness: _UtteranceNumber | None = None
    phones: tuple[PhoneAnswer, ...] | None = None
    """One for each canonical phone of the clip, in order."""
    words: tuple[_UtteranceNumber, ...] | None = None
    """A score for each word; needs `phones`. Without it, five times the mean of the scores of its phones or,
    where they have none, ten times the share that is not mispronounced."""
    free_phones: tuple[str, ...] | None = None
    """The phones recognised without the reference text."""
    transcript: str | None = None
    """The words heard, in lower case."""
    error: str | None = None
    """The reason why there is no answer."""

    def assessment(self, utterance: Utterance) -> Assessment | None:
        """Return the answer in the form of the contract; None where the system has no answer.

        Raises:
            ValueError: The phones are not the canonical phones of the clip, or there are not as many scores
                of words as words.
        """
        if self.error is not None:
            return None
        words = tuple(self._words(utterance.words or ()))
        given = {name: getattr(self, name) for name in (*ASPECTS, "completeness")}
        scores: dict[str, Any] = {name: None if v is None else _score(v) for name, v in given.items()}
        return Assessment(
            id=self.id,
            model=self.model,
            duration_s=0.0,
            text=utterance.text,
            used_reference=utterance.text is not None,
            words=words,
            phones=tuple(phone for word in words for phone in word.phones),
            pauses=(),
            rates=None,
            transcript=self.transcript,
            **scores,
        )

    def _words(self, references: Sequence[ReferenceWord]) -> Iterator[WordResult]:
        if self.phones is None:
            if self.words is not None:
                raise ValueError("'words' needs 'phones'")
            return
        canonical = [strip_stress(phone) for word in references for phone in word.phones]
        results = [phone.result() for phone in self.phones]
        if canonical != [result.phone for result in results]:
            given = " ".join(result.phone for result in results)
            raise ValueError(f"the phones are '{given}', but those of the clip are '{' '.join(canonical)}'")
        if self.words is not None and len(self.words) != len(references):
            raise ValueError(f"{len(self.words)} scores of words for {len(references)} words")
        scores: Sequence[float | None] = self.words or [None] * len(references)
        for reference, score in zip(references, scores, strict=True):
            own, results = results[: len(reference.phones)], results[len(reference.phones) :]
            omitted = all(phone.heard is None for phone in own)
            value = _word_value(own) if score is None else score
            word = build_word(reference.text, own, omitted=omitted)
            yield word.model_copy(update={"score": _score(value)})


def _score(value: float) -> Score:
    return Score(value=value, low=0, high=UTTERANCE_TOP)


def _word_value(phones: Sequence[PhoneResult]) -> float:
    scores = [phone.score.value for phone in phones if phone.score]
    if scores:
        return mean_word_score(scores)
    return UTTERANCE_TOP * sum(not phone.mispronounced for phone in phones) / len(phones)
