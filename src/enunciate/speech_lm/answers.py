"""What single decoded answers say: scores with their uncertainty, symbols heard, words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from enunciate.assembly.diagnosis import HeardSymbol, heard_symbols
from enunciate.schema import ASPECTS, Aspect, Score
from enunciate.speech_lm.lenient_answers import parse_leniently
from enunciate.speech_lm.options import Task
from enunciate.speech_lm.targets import ApaAnswer, MddAnswer, Unparsable

if TYPE_CHECKING:
    from enunciate.speech_lm.decoding.decoder import Decoded

TAILS = (0.05, 0.95)
"""Where the interval of a distribution begins and ends."""


def score_of(distribution: Sequence[float]) -> Score:
    """The score of a distribution over 0 to 10: its expectation, its 5% and 95% points, its peak.

    Args:
        distribution: (11,) probabilities, which need not sum to exactly 1.
    """
    shares = np.asarray(distribution, dtype=np.float64).clip(0, 1)
    shares = shares / shares.sum()
    value = min(float((shares * np.arange(len(shares))).sum()), 10.0)  # rounding may pass 10 by a hair
    # A hair under: sums of shares that make 5% on paper may miss it by rounding.
    low, high = (float(np.searchsorted(shares.cumsum(), tail - 1e-9)) for tail in TAILS)
    return Score(
        value=value,
        low=min(low, value),
        high=max(min(high, 10.0), value),  # past the end, where rounding left the sum under 95%
        most_likely=int(shares.argmax()),
        distribution=tuple(shares.tolist()),
    )


def reread(task: Task, decoded: Decoded) -> Decoded:
    """Leniently, where the answer did not parse."""
    if not isinstance(decoded.answer, Unparsable):
        return decoded
    return replace(decoded, answer=parse_leniently(task, decoded.raw))


def phones_of(decoded: Decoded | None) -> tuple[str, ...]:
    """The symbols heard; none where there is no answer that parses."""
    return tuple(item.symbol for item in heard_in(decoded) or ())


def heard_in(decoded: Decoded | None) -> tuple[HeardSymbol, ...] | None:
    """The symbols heard with their probabilities; None where there is no answer that parses."""
    if decoded is None or not isinstance(decoded.answer, MddAnswer):
        return None
    return heard_symbols(decoded.answer.phones, decoded.phone_probabilities)


def transcript_of(decoded: Decoded | None) -> str | None:
    """The words heard; None where there is no answer that parses."""
    return decoded.answer.word_transcript if decoded and isinstance(decoded.answer, MddAnswer) else None


def scores_of(decoded: Decoded | None) -> dict[Aspect, Score | None]:
    """The four scores; None where there is no answer that parses."""
    if decoded is None or not isinstance(decoded.answer, ApaAnswer):
        return dict.fromkeys(ASPECTS)
    if decoded.distributions is not None:
        return {aspect: score_of(decoded.distributions[aspect].tolist()) for aspect in ASPECTS}
    # A bare number says nothing of how sure it is.
    said: Mapping[Aspect, int] = {aspect: getattr(decoded.answer, aspect) for aspect in ASPECTS}
    return {a: Score(value=value, low=0, high=10, most_likely=value) for a, value in said.items()}
