"""Coverage of the intervals that come with scores."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from enunciate.schema import PhoneQuality, Score

NOMINAL_LEVEL = 0.90
"""The share of human scores that an interval is meant to contain (see `schema.Score`)."""


@dataclass(frozen=True)
class Coverage:
    """The share of human scores inside their intervals; the width matters as much: 0 to 10 always covers."""

    n: int
    nominal: float
    coverage: float | None
    mean_width: float | None


def coverage(
    human: Iterable[float | None],
    predicted: Iterable[Score | PhoneQuality | None],
    nominal: float = NOMINAL_LEVEL,
) -> Coverage:
    """Count human scores inside [low, high], ends included.

    An item without a human score, or without a prediction and so without an interval, is left out.
    """
    rows = [
        (label, score.low, score.high)
        for label, score in zip(human, predicted, strict=True)
        if label is not None and score is not None
    ]
    if not rows:
        return Coverage(0, nominal, None, None)
    labels, low, high = np.array(rows, dtype=np.float64).T
    inside = (low <= labels) & (labels <= high)
    return Coverage(len(rows), nominal, float(inside.mean()), float((high - low).mean()))
