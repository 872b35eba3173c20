"""The bootstrap over speakers written as its definition reads: slow, and the reference for the fast one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from enunciate.metrics.bootstrap import N_RESAMPLES, SEED, Interval, draw_speakers, percentile_interval

Statistic = Callable[[np.ndarray], float | None]
"""Takes the indices of the drawn items, with repeats; None where the metric is undefined."""


def speaker_interval(
    statistic: Statistic, speakers: Sequence[str], n: int = N_RESAMPLES, seed: int = SEED
) -> Interval | None:
    """The interval of any statistic, computed afresh from the items of each resample."""
    names, owner = np.unique(np.asarray(speakers, dtype=str), return_inverse=True)
    items = [np.flatnonzero(owner == s) for s in range(len(names))]
    values = [
        statistic(np.concatenate([items[s] for s in np.repeat(np.arange(len(names)), times)]))
        for times in draw_speakers(len(names), n, seed)
    ]
    return percentile_interval(np.array(values, dtype=np.float64))


def difference_interval(
    first: Statistic, second: Statistic, speakers: Sequence[str], n: int = N_RESAMPLES, seed: int = SEED
) -> Interval | None:
    """The interval of `first - second`, both computed on the same resamples."""

    def difference(indices: np.ndarray) -> float | None:
        a, b = first(indices), second(indices)
        return None if a is None or b is None else a - b

    return speaker_interval(difference, speakers, n, seed)
