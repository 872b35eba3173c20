"""Words from their phones: score, error and completeness."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

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
) -> WordResult:
    """Build a word from its phones.

    Args:
        text: The word as written.
        phones: Its phones in order.
        omitted: Whether the word was omitted (`omissions`); its score is 0 then.
        interval: Gives the interval of the word's score; without it, the phones' intervals are averaged.
        inserted: Sounds heard beyond its phones.
        split: Whether some of `inserted` stand between its phones, which makes the word mispronounced.
        score: The engine's score of the word, 0 to 10; without it, it is derived from the phones' scores.
    """
    mispronounced = split or any(phone.mispronounced for phone in phones)
    return WordResult(
        text=text,
        start_s=phones[0].start_s if phones else None,
        end_s=phones[-1].end_s if phones else None,
        score=_word_score(phones, omitted, interval, score),
        error="omission" if omitted else "mispronunciation" if mispronounced else "none",
        phones=tuple(phones),
        inserted=inserted,
    )


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
