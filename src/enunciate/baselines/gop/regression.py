"""Ridge regressions in closed form: one for each phone class around a common one, and one for utterances."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement

import numpy as np
import numpy.typing as npt

from enunciate.pocket.symbols import N_CLASSES
from enunciate.schema import FrozenModel

Array = npt.NDArray[np.float64]
OUTLIER = 4.0
"""Standard deviations at which inputs are held."""


class Scale(FrozenModel):
    """Brings inputs to zero mean and unit variance, outliers held."""

    mean: tuple[float, ...]
    sd: tuple[float, ...]

    @classmethod
    def of(cls, inputs: Array) -> Scale:
        """Take both from inputs (N, K)."""
        return cls(mean=tuple(inputs.mean(axis=0).tolist()), sd=tuple((inputs.std(axis=0) + 1e-6).tolist()))

    def __call__(self, inputs: Array) -> Array:
        """Scale inputs (..., K)."""
        return np.clip((inputs - np.array(self.mean)) / np.array(self.sd), -OUTLIER, OUTLIER)


class Ridge(FrozenModel):
    """A linear regression with several answers, clipped to their range."""

    scale: Scale
    weights: tuple[tuple[float, ...], ...]
    """For each input, and last for the constant, the weight in each answer."""
    top: float
    """Answers run from 0 to this."""

    @classmethod
    def fit(cls, inputs: Array, answers: Array, strength: float, top: float) -> Ridge:
        """Fit to inputs (N, K) and answers (N, A), of which unknown ones are NaN."""
        scale = Scale.of(inputs)
        x = _with_one(scale(inputs))
        columns: list[Array] = []
        for k in range(int(answers.shape[1])):
            answer: Array = answers[:, k]
            known: npt.NDArray[np.bool_] = np.isfinite(answer)
            penalty = strength * np.eye(int(x.shape[1]))
            penalty[-1, -1] = 1e-9  # the constant is free
            column = np.linalg.solve(x[known].T @ x[known] + penalty, x[known].T @ answer[known])
            columns.append(column.astype(np.float64))
        weights = np.stack(columns, axis=1)
        return cls(scale=scale, weights=tuple(map(tuple, weights.tolist())), top=top)

    def __call__(self, inputs: Array) -> Array:
        """Answers (..., A) to inputs (..., K)."""
        return np.clip(_with_one(self.scale(inputs)) @ np.array(self.weights), 0, self.top)


class PerClass(FrozenModel):
    """A polynomial of the second degree for each phone class.

    A class is held to the polynomial of all classes by a ridge on the difference, so that a class of few
    examples, or none, answers as phones in general do.
    """

    scale: Scale
    weights: tuple[tuple[float, ...], ...]
    """(40, terms)"""

    @classmethod
    def fit(cls, inputs: Array, classes: npt.NDArray[np.int64], answers: Array, strength: float) -> PerClass:
        """Fit to inputs (N, K), their classes (N,) and answers (N,) from 0 to 2."""
        scale = Scale.of(inputs)
        x = polynomial(scale(inputs))
        penalty = strength * np.eye(x.shape[1])
        common = np.linalg.solve(x.T @ x + penalty, x.T @ answers)
        rows: list[Sequence[float]] = []
        for label in range(N_CLASSES):
            own, wanted = x[classes == label], answers[classes == label]
            change = np.linalg.solve(own.T @ own + penalty, own.T @ (wanted - own @ common))
            rows.append((common + change).tolist())
        return cls(scale=scale, weights=tuple(map(tuple, rows)))

    def __call__(self, inputs: Array, classes: npt.NDArray[np.int64]) -> Array:
        """Answers (N,) to inputs (N, K) of classes (N,)."""
        terms = polynomial(self.scale(inputs))
        return np.clip((terms * np.array(self.weights)[classes]).sum(axis=1), 0, 2)


def polynomial(inputs: Array) -> Array:
    """1, each input, and each product of two: (N, K) -> (N, 1 + K + K (K + 1) / 2).

    >>> polynomial(np.array([[2.0, 3.0]]))
    array([[1., 2., 3., 4., 6., 9.]])
    """
    pairs = combinations_with_replacement(range(inputs.shape[1]), 2)
    products = [inputs[:, a] * inputs[:, b] for a, b in pairs]
    return np.column_stack((np.ones(len(inputs)), inputs, *products))


def _with_one(inputs: Array) -> Array:
    return np.concatenate((inputs, np.ones((*inputs.shape[:-1], 1))), axis=-1)
