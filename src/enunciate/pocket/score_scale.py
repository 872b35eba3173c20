"""The scale of utterance scores: from what a scorer says to what people give on average.

A scorer learns from ranges, and stops before it knows its clips by heart, so its scores are a little too low
nearly everywhere and too close together. On speakers whom it has not seen, the mean human score of clips with
about the same prediction is known; the scale is that table, made monotone. The corpus has no native speaker,
so its top says nothing of them: good readings by native voices are put beside it as if one reader in twenty
were one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from enunciate.schema import FrozenModel

Array = npt.NDArray[np.float64]

TOP = 10.0
NATIVE_SCORE = 9.5
"""What people would give to a good reading by a native voice, in every aspect."""
NATIVE_SHARE = 0.05
"""All native readings together count so much beside all learners, who count 1."""
HIGHEST_OF_LEARNERS = 8.5
"""A scorer hardly says more of a learner, however good, so people's scores say little of what lies above."""
_BINS = (0.0, 0.03, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 1.0)
"""Shares of the readings, in the order of their predictions. A knot lies between two; the top has more."""
_FEWEST = 3
"""A bin of fewer readings has no knot."""


class Scale(FrozenModel):
    """A rising table from a prediction to a score, linear between the knots."""

    knots: tuple[float, ...]
    values: tuple[float, ...]

    def at(self, prediction: float) -> float:
        """Return the score, from 0 to 10."""
        return float(np.interp(prediction, self.knots, self.values))


def fit_scale(predicted: Array, human: Array, native: Array) -> Scale:
    """Tabulate the mean human score by the prediction.

    Args:
        predicted: (N,) predictions, 0 to 10, for readings by speakers that were not learnt from.
        human: (N,) their human scores; NaN where unknown.
        native: (M,) predictions for good readings by native voices that were not learnt from; may be empty.

    Returns:
        The scale. Its ends are 0 and 10, which stay what they are.
    """
    known = np.isfinite(human)
    n_known = int(known.sum())
    values = np.concatenate((predicted[known], native))
    scores = np.concatenate((human[known], np.full(len(native), NATIVE_SCORE)))
    weights = np.concatenate(
        (np.ones(n_known), np.full(len(native), NATIVE_SHARE * n_known / max(len(native), 1)))
    )
    order = np.argsort(values, kind="stable")
    values, scores, weights = values[order], scores[order], weights[order]
    place = (np.cumsum(weights) - weights / 2) / max(float(weights.sum()), 1e-9)
    bins = np.digitize(place, _BINS[1:-1])
    chosen = [np.flatnonzero(bins == index) for index in range(len(_BINS) - 1)]
    chosen = [rows for rows in chosen if len(rows) >= _FEWEST]
    knots = [float(np.average(values[rows], weights=weights[rows])) for rows in chosen]
    means = [float(np.average(scores[rows], weights=weights[rows])) for rows in chosen]
    rising = np.maximum.accumulate([0.0, *means, TOP])
    return Scale(knots=(0.0, *knots, TOP), values=tuple(rising.tolist()))


def anchored_scale(native: Array) -> Scale:
    """Return the scale of a scorer whose predictions for learners are right on average already.

    Nothing changes up to `HIGHEST_OF_LEARNERS`, and what the scorer says of native readings becomes
    `NATIVE_SCORE`.

    Args:
        native: (M,) predictions for good readings by native voices that were not learnt from.

    Returns:
        The scale. It changes nothing where native readings do not stand out, or have as much already.
    """
    typical = float(np.median(native))
    if not HIGHEST_OF_LEARNERS < typical < NATIVE_SCORE:
        return Scale(knots=(0.0, TOP), values=(0.0, TOP))
    return Scale(
        knots=(0.0, HIGHEST_OF_LEARNERS, typical, TOP), values=(0.0, HIGHEST_OF_LEARNERS, NATIVE_SCORE, TOP)
    )
