"""Regressions that predict scores: linear for utterances, a polynomial for each phone."""

from __future__ import annotations

from itertools import combinations_with_replacement

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
        return np.clip(with_constant(self.scale(inputs)) @ np.array(self.weights), 0, self.top)


class PhoneRegression(FrozenModel):
    """A polynomial of the second degree for each phone class, which predicts the score of a phone."""

    scale: Standardisation
    weights: tuple[tuple[float, ...], ...]
    """(40, terms) the coefficients of each class."""

    def __call__(self, inputs: Array, classes: npt.NDArray[np.int64]) -> Array:
        """Predict scores (N,) from 0 to 2 from inputs (N, K) of phones of classes (N,)."""
        terms = polynomial(self.scale(inputs))
        return np.clip((terms * np.array(self.weights)[classes]).sum(axis=1), 0, 2)


def polynomial(inputs: Array) -> Array:
    """Expand (N, K) to 1, each input, and each product of two inputs: (N, 1 + K + K (K + 1) / 2).

    >>> polynomial(np.array([[2.0, 3.0]]))
    array([[1., 2., 3., 4., 6., 9.]])
    """
    pairs = combinations_with_replacement(range(inputs.shape[1]), 2)
    products = [inputs[:, a] * inputs[:, b] for a, b in pairs]
    return np.column_stack((np.ones(len(inputs)), inputs, *products))


def with_constant(inputs: Array) -> Array:
    """Append a 1 to each row: (..., K) to (..., K + 1)."""
    return np.concatenate((inputs, np.ones((*inputs.shape[:-1], 1))), axis=-1)
