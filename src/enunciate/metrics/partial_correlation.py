"""Partial correlation: how well scores agree with human ones beyond what control variables already tell.

Human and predicted scores are each replaced by the residuals of a linear regression on the controls, and the
residuals are correlated (Fisher 1924). It is 0 for a system that knows nothing but the controls.

A missing prediction counts as no information, as in `correlation`: it gets the residual 0, while the human
residual stays in the denominator, so that the absolute value can only shrink.

For the bootstrap, the sums of products of all columns of an utterance are its summands. A resample then has a
matrix of sums, from which the regressions are fitted anew: its Schur complement holds the (co)variances of
the residuals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from enunciate.metrics.bootstrap import (
    Interval,
    Speakers,
    number_speakers,
    resampled_interval,
    sums_by_speaker,
)
from enunciate.metrics.correlation import Answers, FloatArray

EXPLAINED = 1e-8
"""A residual variance below this share of the variance is zero but for rounding."""
_AT_ONCE = 1 << 16
"""Items whose products are in memory together."""
_PENALTY = 1e-10
"""Keeps the regression defined where controls depend on each other linearly."""


@dataclass(frozen=True)
class PartialCorrelation:
    """The correlation given the controls, with its interval over speakers; None where it is undefined."""

    value: float | None
    ci95: Interval | None


def partial_correlation(answers: Answers, controls: FloatArray, speakers: Speakers) -> PartialCorrelation:
    """Correlate human with predicted scores given controls.

    Args:
        answers: N labelled items.
        controls: The controls of the same items, shape (N, K); NaN where unknown, which counts as the mean.
        speakers: The speaker of each item.

    Returns:
        None for both where fewer than K + 3 items are answered, where no item has controls, or where the
        controls explain either side completely.
    """
    assert len(controls) == len(speakers), "one row of controls for each item"
    columns = _columns(answers, controls)
    if columns is None:
        return PartialCorrelation(None, None)
    owner, n_speakers = number_speakers(speakers)
    parts = [slice(begin, begin + _AT_ONCE) for begin in range(0, len(columns), _AT_ONCE)]
    sums = sum(
        (sums_by_speaker(_products(columns[part]), owner[part], n_speakers) for part in parts),
        np.zeros((n_speakers, columns.shape[1] ** 2)),
    )
    value = float(partial_of_sums(sums.sum(axis=0, keepdims=True))[0])
    if np.isnan(value):
        return PartialCorrelation(None, None)
    return PartialCorrelation(value, resampled_interval(partial_of_sums, sums))


def partial_rows(answers: Answers, controls: FloatArray) -> FloatArray | None:
    """Return the summands of each item for `partial_of_sums`: the products of all columns.

    Args:
        answers: N labelled items.
        controls: As for `partial_correlation`.

    Returns:
        Shape `(N, D * D)`, where the D = K + 3 columns are a constant, the controls, and both scores. None
        where fewer than K + 3 items are answered or no item has controls.
    """
    columns = _columns(answers, controls)
    return None if columns is None else _products(columns)


def partial_of_sums(sums: FloatArray) -> FloatArray:
    """Return partial correlations of the last two columns given the others, from sums of products.

    Args:
        sums: For each of R resamples the matrix of the sums of products of D columns, shape `(R, D * D)`;
            the first column is constant.

    Returns:
        `(R,)`, NaN where undefined.
    """
    size = round(sums.shape[1] ** 0.5)
    matrices = sums.reshape(-1, size, size)
    k = size - 2
    n = matrices[:, :1, :1]
    controls = matrices[:, :k, :k] + _PENALTY * np.maximum(n, 1) * np.eye(k)
    mixed, scores = matrices[:, :k, k:], matrices[:, k:, k:]
    residual = scores - mixed.transpose(0, 2, 1) @ np.linalg.solve(controls, mixed)
    x, y, xy = residual[:, 0, 0], residual[:, 1, 1], residual[:, 0, 1]
    defined = (x > EXPLAINED * scores[:, 0, 0]) & (y > EXPLAINED * scores[:, 1, 1])
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(defined, np.clip(xy / np.sqrt(x * y), -1, 1), np.nan)


def _columns(answers: Answers, controls: FloatArray) -> FloatArray | None:
    """Return a constant, the controls and both scores, shape `(N, D)`; None where `partial_rows` is."""
    assert len(controls) == len(answers.human), "one row of controls for each item"
    known = np.isfinite(controls @ np.ones(controls.shape[1]))
    if int(answers.answered.sum()) < controls.shape[1] + 3 or not known.any():
        return None
    controls = np.where(known[:, None], controls, controls[known].mean(axis=0))
    constant = np.ones((len(controls), 1))
    inputs = np.concatenate((constant, _standardised(controls)), axis=1)
    predicted = answers.predicted - answers.predicted.mean()
    if not answers.answered.all():
        # What the controls say of a clip is all that is left where the engine says nothing.
        made = answers.answered
        x, y = inputs[made], predicted[made]
        weights = cast(
            "FloatArray", np.linalg.solve(x.T @ x + _PENALTY * len(x) * np.eye(inputs.shape[1]), x.T @ y)
        )
        predicted[~made] = (inputs[~made] * weights).sum(axis=1)
    return np.column_stack((inputs, answers.human - answers.human.mean(), predicted))


def _products(columns: FloatArray) -> FloatArray:
    return (columns[:, :, None] * columns[:, None, :]).reshape(len(columns), -1)


def _standardised(values: FloatArray) -> FloatArray:
    spread = values.std(axis=0)
    return (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1)
