"""The contract: `Utterance` in, `Assessment` out.

The command line's JSON, the evaluation, training targets and the service's OpenAPI all derive from these
models. Times are seconds from the start of the clip; utterance and word scores run from 0 to
10 and phone scores from 0 to 2, the scales of Speechocean762 (Zhang et al., Interspeech 2021). JSON has as
many decimals as a value means: three of times and probabilities, two of scores and rates, one of decibels.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

Aspect = Literal["accuracy", "fluency", "prosodic", "total"]
ASPECTS: tuple[Aspect, ...] = ("accuracy", "fluency", "prosodic", "total")
Accent = Literal["us", "gb", "any"]
"""Which pronunciations are right: American, British, or both."""
WordError = Literal["none", "mispronunciation", "omission"]
PronunciationKind = Literal[
    "citation", "given", "guess", "reading", "weak_form", "h_dropping", "g_dropping", "flapping",
    "stop_deletion", "linking", "schwa_deletion", "syllabic_consonant", "vowel_variation", "british",
]  # fmt: skip
"""Which pronunciation of a word was compared: that of the dictionary ("citation"), a user's own ("given"), a
guess, a "reading" of what is no plain word, or a variant of connected speech or of British English."""

MISPRONOUNCED_BELOW = 0.5
"""A phone with a lower score counts as mispronounced; the corpus annotates those and no others."""


def _rounded(decimals: int) -> PlainSerializer:
    """Write a number to JSON with this many decimals; in Python it keeps all."""
    return PlainSerializer(lambda value: round(value, decimals), when_used="json")


UtteranceValue = Annotated[float, Field(ge=0, le=10), _rounded(2)]
PhoneValue = Annotated[float, Field(ge=0, le=2), _rounded(2)]
Seconds = Annotated[float, Field(ge=0), _rounded(3)]
Probability = Annotated[float, Field(ge=0, le=1), _rounded(3)]
Rate = Annotated[float, Field(ge=0), _rounded(2)]
Decibels = Annotated[float, _rounded(1)]


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
    """One word of the reference text, with its phones and human labels."""

    text: str
    phones: tuple[str, ...]
    """Canonical ARPAbet phones, stress digits optional."""
    phone_scores: tuple[float, ...] | None = None
    """Human scores, 0 to 2, one per phone."""
    accuracy: float | None = None
    stress: float | None = None
    total: float | None = None
    mispronunciations: tuple[Mispronunciation, ...] | None = None


class HumanScores(FrozenModel):
    """Human utterance scores, 0 to 10; None for an aspect that was not scored."""

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
    """One clip to assess, with its reference text where there is one.

    `words`, when given, are the canonical phones to score against and replace the look-up of `text` in the
    lexicon. With neither, the clip is assessed without reference.
    """

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    id: str
    audio: Path | bytes | Clip
    text: str | None = None
    words: tuple[ReferenceWord, ...] | None = None
    accent: Accent | None = None
    """Which pronunciations of the words of `text` are right; None for the engine's own choice."""
    lexicon: Mapping[str, tuple[tuple[str, ...], ...]] | None = None
    """Pronunciations of words of `text`, in lower case, that take the place of the engine's own."""
    n_candidates: Annotated[int, Field(ge=0)] = 0
    """How many sounds to list for each phone in `PhoneResult.candidates`."""
    scores: HumanScores | None = None
    speaker: str | None = None
    age: int | None = None
    gender: str | None = None
    first_language: str | None = None


# --------------------------------------------------------------------------------------------- output


class Score(FrozenModel):
    """An utterance or word score (0 to 10) with the interval that contains the human score in 90% of cases.

    Each engine estimates the interval in its own way: `pocket` on held-out speakers, `phi4` by the 5% and 95%
    points of its `distribution`, whose expectation is `value`; `both` moves that of `pocket` with the score.
    """

    value: UtteranceValue
    low: UtteranceValue
    high: UtteranceValue
    most_likely: Annotated[int, Field(ge=0, le=10)] | None = None
    """The most likely whole number; None where the engine does not answer in whole numbers."""
    distribution: Annotated[tuple[Probability, ...], Field(min_length=11, max_length=11)] | None = None
    """The probability of each whole score from 0 to 10; None where the engine gives none."""


class PhoneQuality(FrozenModel):
    """A phone score (0 to 2) with its 90% interval."""

    value: PhoneValue
    low: PhoneValue
    high: PhoneValue


class PhoneCandidate(FrozenModel):
    """A sound that may have been said where a phone was expected."""

    phone: str
    """ARPAbet without stress; IPA where that was requested."""
    probability: Probability
    """Among all sounds, none at all, and the phone with a vowel added."""


def _is_empty(value: tuple[object, ...]) -> bool:
    return not value


class PhoneResult(FrozenModel):
    """One phone: a canonical phone or, without reference text, a phone that was heard."""

    phone: str
    """ARPAbet without stress; IPA where that was requested."""
    start_s: Seconds | None
    """None, like `end_s`, without an aligner, for `<unk>` heard without text, and in a passage not read."""
    end_s: Seconds | None
    heard: str | None
    """The phone most likely realised here; None for a deletion. Some engines also give `<unk>`, two phones
    ("IH R") or `K*` ("mostly like K")."""
    heard_probability: Probability
    score: PhoneQuality | None
    """None without reference text."""
    mispronounced: bool
    stress: Literal[0, 1, 2] | None = None
    """The stress of a vowel in the pronunciation that was compared: 1 primary, 2 secondary, 0 none. None for
    consonants, without reference text, and where the pronunciation does not say. It is not measured."""
    candidates: Annotated[tuple[PhoneCandidate, ...], Field(exclude_if=_is_empty)] = ()
    """What the sound alone says, the most probable first, where `Utterance.n_candidates` asks for it and the
    engine knows. `heard` is a judgement, which also weighs how people judge. Left out of JSON where empty."""


class WordResult(FrozenModel):
    """One word of the reference text. Most engines derive its score from those of its phones."""

    text: str
    """As typed."""
    start_s: Seconds | None
    end_s: Seconds | None
    score: Score
    error: WordError
    phones: tuple[PhoneResult, ...]
    inserted: tuple[str, ...] = ()
    """Insertions: sounds heard within or after the word beyond its phones; some engines detect none."""
    text_start: Annotated[int, Field(ge=0)] | None = None
    """Where the word begins in the reference text; None, like `text_end`, if it was given with its phones."""
    text_end: Annotated[int, Field(ge=0)] | None = None
    """One past its last character."""
    read_as: str | None = None
    """The words spoken, where they are not the word as written: "three dollars and fifty cents" for $3.50. A
    capital is the name of a letter."""
    pronunciation: PronunciationKind = "citation"
    """The kind of the pronunciation that fits best, whose phones these are."""
    guessed: bool = False
    """Whether no dictionary has the word. Its pronunciations are guesses then: none of its phones is flagged,
    and its interval is wide."""


class Pause(FrozenModel):
    """A silence inside the speech."""

    start_s: Seconds
    end_s: Seconds


class Rates(FrozenModel):
    """Speech rates, pauses included, and the articulation rate, without pauses."""

    phones_per_s: Rate
    words_per_s: Rate | None
    """None without reference text."""
    articulation_phones_per_s: Rate


class Notice(FrozenModel):
    """A warning about the clip or the answer, which makes the scores less reliable."""

    code: Literal[
        "clipping", "low_level", "noisy", "text_mismatch", "no_reference", "unparsable_answer", "one_engine"
    ]
    message: str


class UnparsableAnswer(FrozenModel):
    """A language model's answer that does not have the form asked for, verbatim."""

    task: Literal["apa", "mdd"]
    """`apa` for the utterance scores, `mdd` for the transcript of words and phones."""
    raw: str
    reason: str


class ClipError(FrozenModel):
    """Why a clip could not be assessed: code and message of the `EnunciateError`."""

    code: str
    message: str


class Failure(FrozenModel):
    """The outcome of a clip that could not be assessed."""

    id: str
    audio: str | None
    """The path of the clip; None where it was given as bytes or samples."""
    error: ClipError


class PhraseResult(FrozenModel):
    """One phrase of a reading, scored as a clip of its own (`StreamingAssessor`).

    The words and phones of all phrases are those of the reading. A score of the reading is the mean of its
    phrases' scores, weighted by their phones; only fluency can be lower, by the long silences between phrases
    that no punctuation explains.
    """

    index: Annotated[int, Field(ge=0)]
    """Counts the phrases from 0. A result replaces those given before it that had its index or a higher one,
    which happens where the rest of a reading changes what its beginning was taken for."""
    start_s: Seconds
    """From the start of the whole recording, like all times."""
    end_s: Seconds
    accuracy: Score | None
    fluency: Score | None
    prosodic: Score | None
    total: Score | None
    words: tuple[WordResult, ...]
    """Empty without reference text."""
    phones: tuple[PhoneResult, ...]


class Assessment(FrozenModel):
    """The assessment of one utterance."""

    id: str
    model: str
    """The name and version of the engine and its weights."""
    duration_s: Seconds
    text: str | None
    used_reference: bool
    accuracy: Score | None
    """Like the next three, less reliable without reference text, and None where nothing was heard."""
    fluency: Score | None
    prosodic: Score | None
    total: Score | None
    completeness: Score | None
    """Ten times the share of words that were not omitted; None without reference text."""
    words: tuple[WordResult, ...]
    """Without reference text the words heard; empty for engines that hear phones only."""
    phones: tuple[PhoneResult, ...]
    """All phones in order: those of the words or, without words, those heard."""
    pauses: tuple[Pause, ...]
    rates: Rates | None
    """None where there is no aligner, or no phone to align."""
    snr_db: Decibels | None = None
    """Estimated signal-to-noise ratio: the level of the speech over that of the silences around and in it, at
    most 60. None where there is too little silence to tell, and for engines that do not estimate it."""
    clipped_share: Probability = 0.0
    """The share of the recording's samples at full scale."""
    warnings: tuple[Notice, ...] = ()
    transcript: str | None = None
    """The words heard, in lower case; an engine may have had the reference text in its prompt. None where the
    engine recognises phones only, or its answer did not parse."""
    unparsable: tuple[UnparsableAnswer, ...] = ()
    """Answers that did not parse; the fields that they should fill are None or empty."""
