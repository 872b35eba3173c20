"""Words from their phones: score, error and completeness."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from enunciate.phones.inventory import stress_of
from enunciate.phones.pronunciation import Pronunciation
from enunciate.schema import PhoneResult, Score, WordResult

ScoreInterval = Callable[[float], tuple[float, float]]
"""A calibrated map from a score to the lower and the upper end of its 90% interval."""


def build_word(
    text: str,
    phones: Sequence[PhoneResult],
    *,
    omitted: bool,
    interval: ScoreInterval | None = None,
    inserted: tuple[str, ...] = (),
    split: bool = False,
    score: float | None = None,
    pronunciation: Pronunciation | None = None,
    span: tuple[int, int] | None = None,
) -> WordResult:
    """Build a word from its phones.

    Args:
        text: The word as typed.
        phones: Its phones in order.
        omitted: Whether the word was omitted (`omissions`); its score is 0 then.
        interval: Gives the interval of the word's score; without it, the phones' intervals are averaged.
        inserted: Sounds heard beyond its phones.
        split: Whether some of `inserted` stand between its phones, which makes the word mispronounced.
        score: The engine's score of the word, 0 to 10; without it, it is derived from the phones' scores.
        pronunciation: The one whose phones these are. If it is a guess, no phone is flagged, as the guess may
            be what is wrong, and the true score may be anywhere above the lower end of its interval.
        span: Where the word is in the reference text.
    """
    pronunciation = pronunciation or Pronunciation(())
    phones = _stressed(phones, pronunciation)
    value = _word_score(phones, omitted, interval, score)
    if pronunciation.guessed and not omitted:
        phones, split = [_unflagged(phone) for phone in phones], False
        value = value.model_copy(update={"high": 10.0})
    mispronounced = split or any(phone.mispronounced for phone in phones)
    return WordResult(
        text=text,
        start_s=phones[0].start_s if phones else None,
        end_s=phones[-1].end_s if phones else None,
        score=value,
        error="omission" if omitted else "mispronunciation" if mispronounced else "none",
        phones=tuple(phones),
        inserted=inserted,
        text_start=span[0] if span else None,
        text_end=span[1] if span else None,
        read_as=pronunciation.read_as,
        pronunciation=pronunciation.kind,
        guessed=pronunciation.guessed,
    )


def _stressed(phones: Sequence[PhoneResult], pronunciation: Pronunciation) -> list[PhoneResult]:
    """Return the phones of a word with the stress that the pronunciation gives them."""
    if not pronunciation.phones:
        return list(phones)
    return [
        phone.model_copy(update={"stress": stress_of(canonical)})
        for phone, canonical in zip(phones, pronunciation.phones, strict=True)
    ]


def _unflagged(phone: PhoneResult) -> PhoneResult:
    """Return a phone of a guessed word: it counts as right, and its true score may be any higher one."""
    quality = phone.score and phone.score.model_copy(update={"high": 2.0})
    return phone.model_copy(update={"mispronounced": False, "score": quality})


def mean_word_score(phone_scores: Sequence[float]) -> float:
    """Return a word's score, 0 to 10: five times the mean of its phones' scores."""
    return float(5 * np.array(phone_scores, dtype=np.float64).mean())


def completeness(words: Sequence[WordResult]) -> Score | None:
    """Return ten times the share of words that were not omitted; None without words."""
    if not words:
        return None
    share = 10.0 * float(np.mean([word.error != "omission" for word in words]))
    return Score(value=share, low=share, high=share)


def _word_score(
    phones: Sequence[PhoneResult], omitted: bool, interval: ScoreInterval | None, score: float | None
) -> Score:
    qualities = [phone.score for phone in phones if phone.score is not None]
    if not qualities:
        return Score(value=0, low=0, high=0)
    value, low, high = (
        mean_word_score([getattr(quality, name) for quality in qualities])
        for name in ("value", "low", "high")
    )
    if score is not None:
        value = score
    if omitted:
        value = low = 0.0
    if interval is not None:
        low, high = interval(value)
    return Score(value=value, low=low, high=high)
