"""A probability distribution over the scores from 0 to 10 as a `Score` with its interval."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from enunciate.schema import Score

TAILS = (0.05, 0.95)
"""Quantiles of the distribution at which the 90% interval begins and ends."""


def score_from_distribution(distribution: Sequence[float]) -> Score:
    """Return the expectation of a distribution, with its 5% and 95% quantiles and its mode.

    Args:
        distribution: (11,) probabilities of 0 to 10, which need not sum to exactly 1.
    """
    shares = np.asarray(distribution, dtype=np.float64).clip(0, 1)
    shares = shares / shares.sum()
    value = min(float((shares * np.arange(len(shares))).sum()), 10.0)  # rounding may exceed 10 slightly
    # Sums of shares that make exactly 5% on paper may miss it by rounding.
    low, high = (float(np.searchsorted(shares.cumsum(), tail - 1e-9)) for tail in TAILS)
    return Score(
        value=value,
        low=min(low, value),
        high=max(min(high, 10.0), value),  # past the end where rounding left the sum under 95%
        most_likely=int(shares.argmax()),
        distribution=tuple(shares.tolist()),
    )
