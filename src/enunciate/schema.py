"""The contract: `Utterance` in, `Assessment` out.

The command line's JSON, the evaluation, training targets and (later) the service's OpenAPI all derive
from these models. Times are seconds from the start of the clip; utterance and word scores run from 0 to
10 and phone scores from 0 to 2, the scales of Speechocean762 (Zhang et al., Interspeech 2021).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

Aspect = Literal["accuracy", "fluency", "prosodic", "total"]
ASPECTS: tuple[Aspect, ...] = ("accuracy", "fluency", "prosodic", "total")
WordError = Literal["none", "mispronunciation", "omission"]

MISPRONOUNCED_BELOW = 0.5
"""A phone that scores under this counts as mispronounced (the corpus annotates those, and only those)."""

UtteranceValue = Annotated[float, Field(ge=0, le=10)]
PhoneValue = Annotated[float, Field(ge=0, le=2)]
Seconds = Annotated[float, Field(ge=0)]
Probability = Annotated[float, Field(ge=0, le=1)]


class FrozenModel(BaseModel):
    """The base of all records: it cannot be changed, and it rejects unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# ---------------------------------------------------------------------------------------------- input


class Mispronunciation(FrozenModel):
    """An annotator's diagnosis of one phone of a word (only in the full corpus)."""

    canonical: str
    index: int
    pronounced: str
    """A phone, `<unk>`, `<DEL>`, a phone with `*` ("mostly like it") or two phones ("IH R")."""


class ReferenceWord(FrozenModel):
    """One word of the reference text, with what is known of it."""

    text: str
    phones: tuple[str, ...]
    """Canonical ARPAbet phones, stress digits optional."""
    phone_scores: tuple[float, ...] | None = None
    """Human scores, 0 to 2, one a phone."""
    accuracy: float | None = None
    stress: float | None = None
    total: float | None = None
    mispronunciations: tuple[Mispronunciation, ...] | None = None


class HumanScores(FrozenModel):
    """Utterance scores given by people, 0 to 10; an aspect that nobody scored is None."""

    accuracy: float | None = None
    fluency: float | None = None
    prosodic: float | None = None
    total: float | None = None
    completeness: float | None = None


class Clip(BaseModel):
    """Samples already in memory: shape (samples,) or (samples, channels), any floating or integer type."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    samples: npt.NDArray[np.generic]
    sample_rate_hz: Annotated[int, Field(gt=0)]


class Utterance(BaseModel):
    """One clip to assess, with what was to be read, if that is known.

    `words`, when given, are the canonical phones to score against and take the place of a look-up of
    `text` in the lexicon. With neither, the clip is assessed without reference.
    """

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    id: str
    audio: Path | bytes | Clip
    text: str | None = None
    words: tuple[ReferenceWord, ...] | None = None
    scores: HumanScores | None = None
    speaker: str | None = None
    age: int | None = None
    gender: str | None = None


# --------------------------------------------------------------------------------------------- output


class Score(FrozenModel):
    """An utterance or word score (0 to 10) with the interval that holds the human score in 90% of cases.

    How the interval is found is the engine's matter: `pocket` measured it on speakers that it had not learnt
    from, `phi4` takes the 5% and 95% points of its own `distribution`, whose expectation is `value`.
    """

    value: UtteranceValue
    low: UtteranceValue
    high: UtteranceValue
    most_likely: Annotated[int, Field(ge=0, le=10)] | None = None
    """The whole number that the engine would have said; None where it does not answer in whole numbers."""
    distribution: Annotated[tuple[Probability, ...], Field(min_length=11, max_length=11)] | None = None
    """How probable the engine finds each score from 0 to 10; None where it does not say."""


class PhoneQuality(FrozenModel):
    """A phone score (0 to 2) with its 90% interval."""

    value: PhoneValue
    low: PhoneValue
    high: PhoneValue


class PhoneResult(FrozenModel):
    """One phone: a canonical one that was looked for or, without reference text, one that was heard."""

    phone: str
    """ARPAbet without stress; IPA where that was asked for."""
    start_s: Seconds | None
    """None, as the end, where there is no aligner, or no phone to align (`<unk>`, heard without text)."""
    end_s: Seconds | None
    heard: str | None
    """The phone that was most likely said in this place; None where nothing was (a deletion). An engine that
    hears more than phones may also give `<unk>`, two phones ("IH R") or `K*` ("mostly like K")."""
    heard_probability: Probability
    score: PhoneQuality | None
    """None without reference text: there is nothing to score against."""
    mispronounced: bool


class WordResult(FrozenModel):
    """One word of the reference text. Its score is derived from its phones, not learnt from word labels."""

    text: str
    start_s: Seconds | None
    end_s: Seconds | None
    score: Score
    error: WordError
    phones: tuple[PhoneResult, ...]
    inserted: tuple[str, ...] = ()
    """Sounds heard in the word or after it beyond its own; empty where the engine does not look for them."""


class Pause(FrozenModel):
    """A silence inside the speech."""

    start_s: Seconds
    end_s: Seconds


class Rates(FrozenModel):
    """How fast the speech was. Speech rates count pauses in; the articulation rate leaves them out."""

    phones_per_s: Annotated[float, Field(ge=0)]
    words_per_s: Annotated[float, Field(ge=0)] | None
    """None without reference text."""
    articulation_phones_per_s: Annotated[float, Field(ge=0)]


class Notice(FrozenModel):
    """Something about the clip that makes the scores less sure."""

    code: Literal["clipping", "low_level", "text_mismatch", "no_reference", "unparsable_answer"]
    message: str


class UnparsableAnswer(FrozenModel):
    """An answer of a language model that is not of the form asked for, as it came."""

    task: Literal["apa", "mdd"]
    """Scores of the utterance, or transcript of its words and phones."""
    raw: str
    reason: str


class Assessment(FrozenModel):
    """What the system says of one utterance."""

    id: str
    model: str
    """Name and version of the engine and its weights."""
    duration_s: Seconds
    text: str | None
    used_reference: bool
    accuracy: Score | None
    """Like the next three: less sure without reference text, None where nothing at all was heard."""
    fluency: Score | None
    prosodic: Score | None
    total: Score | None
    completeness: Score | None
    """Share of the words that were said, times ten: a count, not learnt. None without reference text."""
    words: tuple[WordResult, ...]
    """Empty without reference text."""
    phones: tuple[PhoneResult, ...]
    """All phones in order, those of the words or, without reference text, those heard."""
    pauses: tuple[Pause, ...]
    rates: Rates | None
    """None where there is no aligner, or nothing was heard that it could align."""
    warnings: tuple[Notice, ...] = ()
    transcript: str | None = None
    """The words heard, in lower case, whatever was to be read (but an engine may be set to look at the text
    while it listens); None where the engine hears phones only, or its answer did not parse."""
    unparsable: tuple[UnparsableAnswer, ...] = ()
    """Answers that did not parse; what they should have said is None or empty above."""
