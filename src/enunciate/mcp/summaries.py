"""What the tools return: short results that cite words and sounds. Sounds are in IPA, scores from 0 to 10."""

from __future__ import annotations

from enunciate.phones import to_ipa
from enunciate.phones.inventory import PHONES
from enunciate.reading.description import DescribedToken, TextDescription
from enunciate.schema import ASPECTS, Assessment, FrozenModel, PhoneResult, WordResult


class SoundError(FrozenModel):
    """A sound that was mispronounced."""

    expected: str
    heard: str | None
    """None where nothing was heard in its place; `<unk>` where it is not clear what was."""
    confidence: float
    """The probability of what was heard, from 0 to 1."""


class WordSummary(FrozenModel):
    """One word of the text."""

    word: str
    score: float
    error: str
    """none, mispronunciation or omission."""
    start_s: float | None
    errors: tuple[SoundError, ...] = ()
    inserted: str = ""
    """Sounds heard after the word that are not in the text."""


class AssessmentSummary(FrozenModel):
    """One recording."""

    scores: dict[str, float]
    """accuracy, fluency, prosodic, total and, with a text, completeness."""
    duration_s: float
    words: tuple[WordSummary, ...]
    sounds_heard: str | None
    """What was heard, without a text."""
    warnings: tuple[str, ...]
    """Reasons to believe the scores less."""


class WordComparison(FrozenModel):
    """A word of which two recordings differ."""

    word: str
    score_a: float
    score_b: float
    errors_a: tuple[SoundError, ...]
    errors_b: tuple[SoundError, ...]


class RecordingComparison(FrozenModel):
    """Two recordings of the same text."""

    scores_a: dict[str, float]
    scores_b: dict[str, float]
    words: tuple[WordComparison, ...]
    """The words in which something changed: an error, or the score by one or more."""
    warnings: tuple[str, ...]


class TokenSummary(FrozenModel):
    """One word, number or sign of a text."""

    text: str
    readings: tuple[str, ...]
    """How it can be read, the usual way first."""
    pronunciations: tuple[str, ...]
    guessed: bool
    """Whether no dictionary has it."""


CHANGED_BY = 1.0


def summarise(assessment: Assessment) -> AssessmentSummary:
    """Return the summary of an assessment."""
    return AssessmentSummary(
        scores=_scores(assessment),
        duration_s=round(assessment.duration_s, 2),
        words=tuple(map(_word, assessment.words)),
        sounds_heard=None if assessment.words else " ".join(_ipa(p.phone) for p in assessment.phones),
        warnings=tuple(notice.message for notice in assessment.warnings),
    )


def compare(a: Assessment, b: Assessment) -> RecordingComparison:
    """Return what changed between two assessments of the same text."""
    pairs = [(_word(one), _word(other)) for one, other in zip(a.words, b.words, strict=True)]
    return RecordingComparison(
        scores_a=_scores(a),
        scores_b=_scores(b),
        words=tuple(_compared(one, other) for one, other in pairs if _differs(one, other)),
        warnings=tuple(
            f"{name}: {notice.message}" for name, one in (("a", a), ("b", b)) for notice in one.warnings
        ),
    )


def summarise_text(description: TextDescription) -> tuple[TokenSummary, ...]:
    """Return how each token of a text is read."""
    return tuple(map(_token, description.tokens))


def _scores(assessment: Assessment) -> dict[str, float]:
    scores = {name: getattr(assessment, name) for name in (*ASPECTS, "completeness")}
    return {name: round(score.value, 1) for name, score in scores.items() if score is not None}


def _word(word: WordResult) -> WordSummary:
    return WordSummary(
        word=word.text,
        score=round(word.score.value, 1),
        error=word.error,
        start_s=None if word.start_s is None else round(word.start_s, 2),
        errors=() if word.error == "omission" else tuple(map(_error, _mispronounced(word))),
        inserted=" ".join(map(_ipa, word.inserted)),
    )


def _mispronounced(word: WordResult) -> list[PhoneResult]:
    return [phone for phone in word.phones if phone.mispronounced]


def _error(phone: PhoneResult) -> SoundError:
    heard = None if phone.heard is None else " ".join(map(_ipa, phone.heard.split()))
    return SoundError(expected=_ipa(phone.phone), heard=heard, confidence=round(phone.heard_probability, 2))


def _ipa(phone: str) -> str:
    return to_ipa(phone) if phone in PHONES else phone


def _differs(one: WordSummary, other: WordSummary) -> bool:
    said = [(word.error, [(error.expected, error.heard) for error in word.errors]) for word in (one, other)]
    return said[0] != said[1] or abs(one.score - other.score) >= CHANGED_BY


def _compared(one: WordSummary, other: WordSummary) -> WordComparison:
    return WordComparison(
        word=one.word,
        score_a=one.score,
        score_b=other.score,
        errors_a=one.errors,
        errors_b=other.errors,
    )


def _token(token: DescribedToken) -> TokenSummary:
    return TokenSummary(
        text=token.text,
        readings=token.readings,
        pronunciations=tuple(dict.fromkeys(one.ipa for one in token.pronunciations)),
        guessed=any(one.guessed for one in token.pronunciations),
    )
