"""Agreement of predicted scores with human scores: Pearson's correlation, its p-value, squared error.

An engine that gives no score for a clip must not gain by it. A missing prediction therefore counts as the
mean of the predictions that were made: that adds nothing to the covariance while the human variance stays in
the denominator, so |PCC| can only shrink. In the squared error it counts as the largest error on the scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from enunciate.errors import MissingExtraError
from enunciate.schema import ASPECTS, Aspect

FloatArray = npt.NDArray[np.float64]
Floats = npt.NDArray[np.floating[Any]]
"""Arrays of any precision; the computation is in double."""

UTTERANCE_TOP = 10.0
PHONE_TOP = 2.0
MIN_POINTS = 3
"""Two points always lie on a line: a correlation of fewer than three is meaningless."""
CONSTANT_SPREAD = 1e-9
"""Values whose range is below this share of their magnitude differ by rounding only."""


@dataclass(frozen=True)
class Answers:
    """The labelled items of one aspect, each with a prediction, made or filled in; arrays of shape `(n,)`."""

    human: FloatArray
    predicted: FloatArray
    squared_error: FloatArray
    index: npt.NDArray[np.intp]
    """The position of each item in the sequences that were given."""
    answered: npt.NDArray[np.bool_]
    """Whether each prediction was made."""

    @property
    def n_unanswered(self) -> int:
        """The number of predictions that were filled in."""
        return int((~self.answered).sum())


@dataclass(frozen=True)
class Correlation:
    """Agreement in one aspect; a metric that is undefined is None, never NaN."""

    n: int
    """The number of labelled items, answered or not."""
    n_unanswered: int
    pcc: float | None
    p_value: float | None
    mse: float | None


def pair_answers(
    human: Sequence[float | None], predicted: Sequence[float | None], top: float = UTTERANCE_TOP
) -> Answers:
    """Drop items without a human label and fill in missing predictions (see the module).

    Args:
        human: Human scores from 0 to `top`; None where nobody scored.
        predicted: Predicted scores from 0 to `top`; None where the engine gave none.
        top: The highest score of the scale.
    """
    # None becomes NaN; a true NaN cannot get here, because the schema refuses it.
    return pair_score_arrays(np.array(human, np.float64), np.array(predicted, np.float64), top)


def pair_score_arrays(human: FloatArray, predicted: FloatArray, top: float = UTTERANCE_TOP) -> Answers:
    """Do the same for arrays `(N,)`, in which NaN stands for a score that is missing."""
    assert len(human) == len(predicted), f"{len(human)} labels for {len(predicted)} predictions"
    index = np.flatnonzero(~np.isnan(human))
    labels, given = human[index], predicted[index]
    missing = np.isnan(given)
    filled = np.where(missing, given[~missing].mean() if not missing.all() else 0.0, given)
    worst = np.maximum(labels, top - labels) ** 2
    squared_error = np.where(missing, worst, (labels - filled) ** 2)
    return Answers(labels, filled, squared_error, index, ~missing)


def correlation(
    human: Sequence[float | None], predicted: Sequence[float | None], top: float = UTTERANCE_TOP
) -> Correlation:
    """Compare predicted with human scores.

    Items without a human label are left out. `pcc` and `p_value` are None with fewer than three answered
    items or where either side is constant. The p-value is two-sided for the null hypothesis of no linear
    relation, with two degrees of freedom fewer than answered items; it assumes independent items.

    Raises:
        MissingExtraError: scipy is not installed.
    """
    return correlate(pair_answers(human, predicted, top))


def correlate(answers: Answers) -> Correlation:
    """Compare scores that are already paired; see `correlation`."""
    n = len(answers.human)
    n_answered = n - answers.n_unanswered
    pcc = pearson(answers.human, answers.predicted) if n_answered >= MIN_POINTS else None
    return Correlation(
        n=n,
        n_unanswered=answers.n_unanswered,
        pcc=pcc,
        p_value=None if pcc is None else _p_value(pcc, n_answered),
        mse=float(answers.squared_error.mean()) if n else None,
    )


def pearson(a: Floats, b: Floats) -> float | None:
    """Return Pearson's correlation of two arrays `(n,)`.

    None where it is undefined: fewer than `MIN_POINTS` points, or either array is constant.
    """
    a, b = a.astype(np.float64), b.astype(np.float64)
    if len(a) < MIN_POINTS or _is_constant(a) or _is_constant(b):
        return None
    # Scaled before squaring, so that neither tiny nor huge values leave the range of a double.
    a, b = (a - a.mean()) / np.ptp(a), (b - b.mean()) / np.ptp(b)
    r = float(a @ b / np.sqrt((a @ a) * (b @ b)))
    return min(1.0, max(-1.0, r))


def rank_answers(answers: Answers) -> Answers:
    """Replace scores by their ranks among the answered items, for Spearman's correlation.

    Equal scores share the mean of their ranks. A missing prediction counts as the mean rank, by the rule of
    the module; human scores are ranked among all items.
    """
    predicted = np.full(len(answers.human), (answers.answered.sum() + 1) / 2)
    predicted[answers.answered] = ranks(answers.predicted[answers.answered])
    return replace(answers, human=ranks(answers.human), predicted=predicted)


def ranks(values: Floats) -> FloatArray:
    """Return the rank of each value `(n,)`, from 1; equal values share the mean of their ranks.

    >>> ranks(np.array([7.0, 5.0, 7.0, 9.0]))
    array([2.5, 1. , 2.5, 4. ])
    """
    if not len(values):
        return np.empty(0)
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count - 1) / 2)[place]


def pcc_by_aspect(human: Floats, predicted: Floats) -> dict[Aspect, float | None]:
    """Return Pearson's correlation of each utterance score.

    Args:
        human: Labels `(N, 4)` in the order of `ASPECTS`; NaN where nobody scored, which leaves the item out.
        predicted: Scores `(N, 4)`.
    """
    known = np.isfinite(human)
    return {
        aspect: pearson(human[known[:, k], k], predicted[known[:, k], k]) for k, aspect in enumerate(ASPECTS)
    }


def _is_constant(values: FloatArray) -> bool:
    return bool(np.ptp(values) <= CONSTANT_SPREAD * np.abs(values).max())


def _p_value(pcc: float, n: int) -> float:
    """P(|T| > t) of Student's t with n - 2 degrees of freedom, as the regularised incomplete beta function.

    That form keeps its precision for very small p, where 1 - cdf(t) would round to 0.
    """
    try:
        from scipy.special import betainc  # pyright: ignore
    except ImportError as error:
        raise MissingExtraError("scipy", "eval") from error
    return float(betainc((n - 2) / 2, 0.5, (1 - pcc) * (1 + pcc)))  # pyright: ignore
