"""Tables of 90% intervals from labels of which only a range is known.

People give whole scores from 0 to 10. Where a copy of the corpus tells no more than "7 or 8", the middle,
7.5, is a score that nobody gave: an interval that ends there leaves out all the eights. So a label stands
here for each whole score that it can be, as probable as exact labels of clips with about the same prediction
make it. And a whole score stands for all that people round to it, an 8 for 7.5 to 8.5: ends of intervals then
move smoothly with the prediction, and cover as many scores as they promise, not some percent more.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from enunciate.pocket.calibration import BINS, COVERAGE, IntervalTable

Floats = npt.NDArray[np.float64]
HIGHEST = 10
FEWEST_EXACT = 30
"""So many exact labels tell how predictions depend on scores."""
_SCORES = np.arange(HIGHEST + 1)
_TAIL = (1 - COVERAGE) / 2


def interval_of_ranges(predicted: Floats, low: Floats, high: Floats) -> IntervalTable:
    """Tabulate the 5th and 95th percentiles of the human scores over bins of the prediction.

    Args:
        predicted: (N,) predictions, 0 to 10, for readings by speakers that were not learnt from.
        low: (N,) the lower ends of the ranges of their human scores; below 0 where nothing is known.
        high: (N,) the upper ends.
    """
    known = np.flatnonzero(low >= 0)
    if not len(known):  # nobody scored this: any score is possible
        return IntervalTable(knots=(0.0,), low=(0.0,), high=(float(HIGHEST),))
    chances = chances_of_scores(predicted[known], low[known], high[known])
    order = np.argsort(predicted[known], kind="stable")
    parts = np.array_split(order, min(BINS, len(order)))
    ends = [_percentiles(chances[part].sum(axis=0)) for part in parts]
    return IntervalTable(
        knots=tuple(float(predicted[known][part].mean()) for part in parts),
        low=tuple(lowest for lowest, _ in ends),
        high=tuple(highest for _, highest in ends),
    )


def chances_of_scores(predicted: Floats, low: Floats, high: Floats) -> Floats:
    """Return how probable each whole score is for each label.

    Args:
        predicted: (N,) predictions, 0 to 10.
        low: (N,) the lower ends of the ranges of labels, 0 to 10.
        high: (N,) the upper ends. A range between whole scores can be each of them; any other is an estimate,
            and can be the whole scores beside its middle, the more easily the nearer.

    Returns:
        (N, 11), each row with the sum 1. Of the scores that a label can be, those are the more probable that
        exact labels have more often, and for which more like this is predicted.
    """
    exact = low == high
    between = (low[:, None] <= _SCORES) & (high[:, None] >= _SCORES)
    beside = np.clip(1 - np.abs((low + high)[:, None] / 2 - _SCORES), 0, None)
    whole = (low % 1 == 0) & (high % 1 == 0)
    possible = np.where(whole[:, None], between, beside)
    frequent: Floats = 1.0 + (low[exact, None] == _SCORES).sum(axis=0)
    likely = _log_likelihood(predicted, predicted[exact], low[exact])
    likely -= np.where(possible > 0, likely, -np.inf).max(axis=1, keepdims=True)
    chances = possible * frequent * np.exp(np.minimum(likely, 0.0))
    return chances / chances.sum(axis=1, keepdims=True)


def _log_likelihood(predicted: Floats, of_exact: Floats, exact: Floats) -> Floats:
    """Return how likely each prediction, (N,), is for each whole score, (N, 11), up to a constant.

    Args:
        predicted: (N,) predictions.
        of_exact: (M,) predictions where the score is known. They are taken to lie about a straight line over
            the score, equally far everywhere; of too few, or of equal scores, nothing is said.
        exact: (M,) the score.
    """
    if len(exact) < FEWEST_EXACT or not exact.std():
        return np.zeros((len(predicted), len(_SCORES)))
    slope, constant = np.polyfit(exact, of_exact, 1)
    spread = max(float((of_exact - constant - slope * exact).std()), 0.1)
    return -(((predicted[:, None] - constant - slope * _SCORES) / spread) ** 2) / 2


def _percentiles(weight: Floats) -> tuple[float, float]:
    """Return both ends of an interval, given how often each whole score is given, (11,)."""
    edges = np.arange(HIGHEST + 2) - 0.5
    below = np.concatenate(([0.0], np.cumsum(weight))) / weight.sum()
    low, high = np.interp((_TAIL, 1 - _TAIL), below, edges)
    return float(max(low, 0.0)), float(min(high, HIGHEST))
