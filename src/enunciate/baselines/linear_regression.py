"""Linear regression on standardised inputs, for the baselines that predict utterance scores by it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from enunciate.schema import FrozenModel

Array = npt.NDArray[np.float64]
OUTLIER = 4.0
"""Standardised inputs are clipped to this many standard deviations."""


class Standardisation(FrozenModel):
    """Brings inputs to zero mean and unit variance, and clips outliers."""

    mean: tuple[float, ...]
    sd: tuple[float, ...]

    def __call__(self, inputs: Array) -> Array:
        """Standardise inputs (..., K)."""
        return np.clip((inputs - np.array(self.mean)) / np.array(self.sd), -OUTLIER, OUTLIER)


class LinearRegression(FrozenModel):
    """A linear regression with several outputs, each clipped to its range."""

    scale: Standardisation
    weights: tuple[tuple[float, ...], ...]
    """(K + 1, A) the weight of each input, and last of the constant, in each output."""
    top: float
    """Outputs run from 0 to this."""

    def __call__(self, inputs: Array) -> Array:
        """Predict outputs (..., A) from inputs (..., K)."""
        return np.clip(_with_constant(self.scale(inputs)) @ np.array(self.weights), 0, self.top)


def fit_standardisation(inputs: Array) -> Standardisation:
    """Take the mean and the standard deviation of inputs (N, K)."""
    mean, sd = inputs.mean(axis=0), inputs.std(axis=0) + 1e-6
    return Standardisation(mean=tuple(mean.tolist()), sd=tuple(sd.tolist()))


def fit_linear(inputs: Array, targets: Array, ridge: float, top: float) -> LinearRegression:
    """Fit a linear regression.

    Args:
        inputs: (N, K).
        targets: (N, A) from 0 to `top`, NaN where unknown.
        ridge: The penalty on squared weights.
        top: The greatest output.
    """
    scale = fit_standardisation(inputs)
    x = _with_constant(scale(inputs))
    columns: list[Array] = []
    for k in range(int(targets.shape[1])):
        target: Array = targets[:, k]
        known: npt.NDArray[np.bool_] = np.isfinite(target)
        penalty = ridge * np.eye(int(x.shape[1]))
        penalty[-1, -1] = 1e-9  # the constant is not penalised
        column = np.linalg.solve(x[known].T @ x[known] + penalty, x[known].T @ target[known])
        columns.append(column.astype(np.float64))
    weights = np.stack(columns, axis=1)
    return LinearRegression(scale=scale, weights=tuple(map(tuple, weights.tolist())), top=top)


def _with_constant(inputs: Array) -> Array:
    """Append a 1 to each row: (..., K) to (..., K + 1)."""
    return np.concatenate((inputs, np.ones((*inputs.shape[:-1], 1))), axis=-1)
