"""95% confidence intervals by bootstrap over speakers.

The clips of one speaker resemble each other, so resampling clips would give intervals that are far too
narrow: an interval must tell how a metric would change with *other speakers*. Whole speakers are drawn with
replacement, and the interval runs from the 2.5th to the 97.5th percentile (Efron and Tibshirani 1993).

PCC, F1 and PER are all functions of sums over clips. `sums_interval` adds those up once per speaker, after
which a resample is one row of a matrix product.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from enunciate.metrics.correlation import FloatArray

Interval = tuple[float, float]
"""The lower and the upper end."""
Speakers = Sequence[str] | npt.NDArray[np.integer]
"""The speaker of each item, by name or by number."""
SumStatistic = Callable[[FloatArray], FloatArray]
"""Takes the sums `(R, K)` of R resamples, returns `(R,)`; NaN where the metric is undefined."""

LEVEL = 0.95
N_RESAMPLES = 1000
SEED = 0
ROUNDING_SHARE = 1e-10
"""A variance below this share of the mean square that it was computed from is zero but for rounding."""


def sums_interval(
    statistic: SumStatistic, rows: FloatArray, speakers: Speakers, n: int = N_RESAMPLES, seed: int = SEED
) -> Interval | None:
    """Return the percentile interval of a statistic of column sums, for all resamples at once.

    Args:
        statistic: Computes the metric from sums.
        rows: The summands of each item, shape `(N, K)`.
        speakers: The speaker of each item, N of them, by name or by number.
        n: Number of resamples.
        seed: Seed of the draw.

    Returns:
        (low, high), or None with fewer than two speakers, or where the statistic is undefined in more than
        half of the resamples, since the others would be a biased selection.
    """
    owner, n_speakers = number_speakers(speakers)
    return resampled_interval(statistic, sums_by_speaker(rows, owner, n_speakers), n, seed)


def number_speakers(speakers: Speakers) -> tuple[npt.NDArray[np.intp], int]:
    """Return the number of the speaker of each item, from 0, and how many speakers there are."""
    names, owner = np.unique(np.asarray(speakers), return_inverse=True)
    return owner, len(names)


def sums_by_speaker(rows: FloatArray, owner: npt.NDArray[np.intp], n_speakers: int) -> FloatArray:
    """Add up the rows `(N, K)` of each speaker, `(S, K)`."""
    sums = [np.bincount(owner, column, n_speakers) for column in rows.T]
    return np.stack(sums, axis=1, dtype=np.float64)


def resampled_interval(
    statistic: SumStatistic, sums: FloatArray, n: int = N_RESAMPLES, seed: int = SEED
) -> Interval | None:
    """Return the interval of `sums_interval` from the sums of each speaker, `(S, K)`."""
    weights = draw_speakers(len(sums), n, seed).astype(np.float64)
    return percentile_interval(statistic(weights @ sums))


def sums_difference_interval(
    statistic: SumStatistic,
    first: FloatArray,
    second: FloatArray,
    speakers: Sequence[str],
    n: int = N_RESAMPLES,
    seed: int = SEED,
) -> Interval | None:
    """Return the percentile interval of `first - second`, two systems on the same items.

    The bootstrap is paired: both are computed on the same drawn speakers, so that what is hard for both
    cancels out. An interval that excludes 0 says that the systems differ.

    Args:
        statistic: Computes the metric from sums.
        first: The summands of each item for the first system, shape `(N, K)`.
        second: The summands of the same items for the second system.
        speakers: The speaker of each item, N of them.
        n: Number of resamples.
        seed: Seed of the draw.

    Returns:
        As for `sums_interval`.
    """
    width = first.shape[1]

    def difference(sums: FloatArray) -> FloatArray:
        return statistic(sums[:, :width]) - statistic(sums[:, width:])

    return sums_interval(difference, np.concatenate([first, second], axis=1), speakers, n, seed)


def pcc_interval(
    human: FloatArray,
    predicted: FloatArray,
    speakers: Speakers,
    n: int = N_RESAMPLES,
    seed: int = SEED,
) -> Interval | None:
    """Return the percentile interval of Pearson's correlation of two arrays `(N,)`."""
    if not len(human):
        return None
    return sums_interval(pcc_of_sums, pcc_rows(human, predicted), speakers, n, seed)


def pcc_rows(human: FloatArray, predicted: FloatArray) -> FloatArray:
    """Return the summands of each item for `pcc_of_sums`, shape `(N, 6)`."""
    # Centred and scaled first: sums of squares of raw scores would lose digits in the subtraction.
    x, y = (_standardised(values) for values in (human, predicted))
    return np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=1)


def ratio_interval(rows: Sequence[tuple[int, int]], speakers: Sequence[str]) -> Interval | None:
    """Return the percentile interval of a pooled rate, such as a word error rate.

    Args:
        rows: Numerator and denominator of each item.
        speakers: The speaker of each item.
    """
    if not rows:
        return None
    return sums_interval(ratio_of_sums, np.array(rows, dtype=np.float64), speakers)


def ratio_of_sums(sums: FloatArray) -> FloatArray:
    """Divide the first column by the second, `(R, 2)` -> `(R,)`, as for a pooled rate such as PER."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(sums[:, 1] > 0, sums[:, 0] / sums[:, 1], np.nan)


def pcc_of_sums(sums: FloatArray) -> FloatArray:
    """Return correlations from the columns n, Σx, Σy, Σxx, Σyy, Σxy, `(R, 6)` -> `(R,)`."""
    n, x, y, xx, yy, xy = sums.T
    var_x, var_y = n * xx - x * x, n * yy - y * y
    defined = (var_x > ROUNDING_SHARE * n * xx) & (var_y > ROUNDING_SHARE * n * yy)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(defined, np.clip((n * xy - x * y) / np.sqrt(var_x * var_y), -1, 1), np.nan)


def draw_speakers(n_speakers: int, n: int, seed: int) -> npt.NDArray[np.int64]:
    """Return how often each speaker is drawn in each of `n` resamples, shape `(n, n_speakers)`."""
    if n_speakers < 2:
        return np.empty((0, n_speakers), dtype=np.int64)
    shares = np.full(n_speakers, 1 / n_speakers)
    return np.random.default_rng(seed).multinomial(n_speakers, shares, size=n)


def percentile_interval(values: FloatArray) -> Interval | None:
    """Return the interval that holds the middle 95% of the resamples; None where too few are defined."""
    defined = values[~np.isnan(values)]
    if len(defined) == 0 or 2 * len(defined) < len(values):
        return None
    low, high = np.quantile(defined, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _standardised(values: FloatArray) -> FloatArray:
    spread = np.ptp(values) if len(values) else 0
    return (values - values.mean()) / spread if spread > 0 else np.zeros_like(values)
