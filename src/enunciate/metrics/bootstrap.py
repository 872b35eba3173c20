"""95% intervals by resampling speakers.

The clips of one speaker resemble each other, so resampling clips would give intervals that are far too
narrow: what the interval must tell is how the figure would move with *other speakers*. Whole speakers are
drawn with replacement, and the interval runs between the 2.5th and 97.5th percentile.

PCC, F1 and PER are all functions of sums over clips. `sums_interval` adds those up once per speaker, after
which a resample is one row of a matrix product; `speaker_interval` takes any statistic, more slowly. The same
seed draws the same speakers in both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from enunciate.metrics.correlation import FloatArray

Interval = tuple[float, float]
Indices = npt.NDArray[np.intp]
Statistic = Callable[[Indices], float | None]
"""Takes the indices of the drawn items (with repeats); None where the figure is undefined."""
SumStatistic = Callable[[FloatArray], FloatArray]
"""Takes sums (R, K) of R resamples, returns (R,); NaN where the figure is undefined."""

LEVEL = 0.95
N_RESAMPLES = 1000
SEED = 0
CANCELLED = 1e-10
"""A variance under this share of the mean square it was computed from is what rounding left of zero."""


def speaker_interval(
    statistic: Statistic, speakers: Sequence[str], n: int = N_RESAMPLES, seed: int = SEED
) -> Interval | None:
    """The percentile interval of any statistic.

    Args:
        statistic: Computes the figure from indices into the items.
        speakers: Who spoke each item.
        n: Number of resamples.
        seed: Of the draw.

    Returns:
        (low, high), or None with fewer than two speakers, or where the statistic is undefined in more than
        half of the resamples (the others would be a chosen few).
    """
    names, owner = np.unique(np.asarray(speakers, dtype=str), return_inverse=True)
    items = [np.flatnonzero(owner == s) for s in range(len(names))]
    values = [
        statistic(np.concatenate([items[s] for s in np.repeat(np.arange(len(names)), times)]))
        for times in _draw(len(names), n, seed)
    ]
    return _percentiles(np.array(values, dtype=np.float64))


def difference_interval(
    first: Statistic, second: Statistic, speakers: Sequence[str], n: int = N_RESAMPLES, seed: int = SEED
) -> Interval | None:
    """The interval of `first - second`, two systems on the same items.

    Paired: both are computed on the same drawn speakers, so what is hard for both cancels out. An interval
    that leaves out 0 says that the systems differ.
    """

    def difference(indices: Indices) -> float | None:
        a, b = first(indices), second(indices)
        return None if a is None or b is None else a - b

    return speaker_interval(difference, speakers, n, seed)


def sums_interval(
    statistic: SumStatistic, rows: FloatArray, speakers: Sequence[str], n: int = N_RESAMPLES, seed: int = SEED
) -> Interval | None:
    """The percentile interval of a statistic of column sums, for all resamples at once.

    Args:
        statistic: Computes the figure from sums.
        rows: What each item adds to the sums, shape (N, K).
        speakers: Who spoke each item, N of them.
        n: Number of resamples.
        seed: Of the draw.

    Returns:
        As `speaker_interval`.
    """
    names, owner = np.unique(np.asarray(speakers, dtype=str), return_inverse=True)
    sums = np.stack([np.bincount(owner, column, len(names)) for column in rows.T], axis=1)
    weights = _draw(len(names), n, seed).astype(np.float64)
    return _percentiles(statistic(weights @ sums))


def sums_difference_interval(
    statistic: SumStatistic,
    first: FloatArray,
    second: FloatArray,
    speakers: Sequence[str],
    n: int = N_RESAMPLES,
    seed: int = SEED,
) -> Interval | None:
    """As `difference_interval`, for a statistic of column sums, for all resamples at once.

    Args:
        statistic: Computes the figure from sums.
        first: What each item adds to the sums of the first system, shape (N, K).
        second: The same items of the second system.
        speakers: Who spoke each item, N of them.
        n: Number of resamples.
        seed: Of the draw.
    """
    width = first.shape[1]

    def difference(sums: FloatArray) -> FloatArray:
        return statistic(sums[:, :width]) - statistic(sums[:, width:])

    return sums_interval(difference, np.concatenate([first, second], axis=1), speakers, n, seed)


def pcc_interval(
    human: FloatArray,
    predicted: FloatArray,
    speakers: Sequence[str],
    n: int = N_RESAMPLES,
    seed: int = SEED,
) -> Interval | None:
    """The percentile interval of Pearson's correlation of two arrays (N,)."""
    if not len(human):
        return None
    return sums_interval(pcc_of_sums, pcc_rows(human, predicted), speakers, n, seed)


def pcc_rows(human: FloatArray, predicted: FloatArray) -> FloatArray:
    """What each item adds to the sums that `pcc_of_sums` takes, shape (N, 6)."""
    # Centred and scaled first: sums of squares of raw scores would lose digits in the subtraction.
    x, y = (_standardised(values) for values in (human, predicted))
    return np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=1)


def ratio_interval(rows: Sequence[tuple[int, int]], speakers: Sequence[str]) -> Interval | None:
    """The percentile interval of a pooled rate, such as a word error rate.

    Args:
        rows: (part, whole) of each item.
        speakers: Who spoke each item.
    """
    if not rows:
        return None
    return sums_interval(ratio_of_sums, np.array(rows, dtype=np.float64), speakers)


def ratio_of_sums(sums: FloatArray) -> FloatArray:
    """First column over second, (R, 2) -> (R,): the statistic of a pooled rate such as PER."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(sums[:, 1] > 0, sums[:, 0] / sums[:, 1], np.nan)


def pcc_of_sums(sums: FloatArray) -> FloatArray:
    """Columns n, Σx, Σy, Σxx, Σyy, Σxy -> correlation, (R, 6) -> (R,)."""
    n, x, y, xx, yy, xy = sums.T
    var_x, var_y = n * xx - x * x, n * yy - y * y
    defined = (var_x > CANCELLED * n * xx) & (var_y > CANCELLED * n * yy)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(defined, np.clip((n * xy - x * y) / np.sqrt(var_x * var_y), -1, 1), np.nan)


def _standardised(values: FloatArray) -> FloatArray:
    spread = np.ptp(values) if len(values) else 0
    return (values - values.mean()) / spread if spread > 0 else np.zeros_like(values)


def _draw(n_speakers: int, n: int, seed: int) -> npt.NDArray[np.int64]:
    """How often each speaker is drawn in each resample, shape (n, n_speakers)."""
    if n_speakers < 2:
        return np.empty((0, n_speakers), dtype=np.int64)
    shares = np.full(n_speakers, 1 / n_speakers)
    return np.random.default_rng(seed).multinomial(n_speakers, shares, size=n)


def _percentiles(values: FloatArray) -> Interval | None:
    defined = values[~np.isnan(values)]
    if len(defined) == 0 or 2 * len(defined) < len(values):
        return None
    low, high = np.quantile(defined, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
