"""The regression that predicts the score of a phone: a polynomial for each phone class."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
import numpy.typing as npt

from enunciate.baselines.linear_regression import Array, Standardisation
from enunciate.schema import FrozenModel


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
