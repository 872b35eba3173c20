"""Calibration: the threshold of a mispronunciation, the scales of scores, and the tables of 90% intervals.

All are estimated from predictions for speakers whom the predicting model has not seen. An interval runs
between the 5th and the 95th percentile of the human scores of clips with about the same prediction (a binned
form of conditional conformal prediction), so it is wide where people disagree with the model and narrow where
they agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
from pydantic import Field

from enunciate.pocket.score_scale import Scale
from enunciate.schema import ASPECTS, Aspect, FrozenModel, Score

COVERAGE = 0.9
BINS = 8
WORST = 0.005
"""The share of clips that stand in for mismatched ones where a corpus has none."""
Array = npt.NDArray[np.float64]


class HumanScored(Protocol):
    """A clip with human scores, such as `baselines.labelled_clip.LabelledClip`."""

    @property
    def scores(self) -> npt.NDArray[np.float32]: ...  # noqa: D102
    @property
    def mismatched(self) -> bool: ...  # noqa: D102


class IntervalTable(FrozenModel):
    """A table from a prediction to its 90% interval, linear between the knots.

    Above the last knot the upper end rises with the prediction, as few of the people who were scored read so
    well; else the interval of a very good reading would end at its score.
    """

    knots: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    def at(self, prediction: float, top: float = 10.0) -> tuple[float, float]:
        """Return the lower and the upper end of the interval, which always contains the prediction.

        Args:
            prediction: The score.
            top: The highest on its scale.
        """
        low = float(np.interp(prediction, self.knots, self.low))
        high = float(np.interp(prediction, self.knots, self.high)) + max(0.0, prediction - self.knots[-1])
        return min(low, prediction), max(min(high, top), prediction)


class ScoreLevel(FrozenModel):
    """The mean and the range of human scores of one kind of clip."""

    value: float
    low: float
    high: float


class Calibration(FrozenModel):
    """All that is estimated on held-out speakers."""

    threshold: float
    """The probability from which a phone counts as mispronounced, which maximises F1."""
    phone: IntervalTable
    word: IntervalTable
    utterance: dict[Aspect, IntervalTable]
    free: dict[Aspect, IntervalTable]
    """The intervals of utterance scores without reference, under their name in the file of weights."""
    mismatch: dict[str, ScoreLevel]
    """The scores of clips in which something other than the text was said."""
    scale: dict[Aspect, Scale] = Field(default_factory=dict[Aspect, Scale])
    """The scales of utterance scores; an aspect without one is said as the scorer gives it."""
    free_scale: dict[Aspect, Scale] = Field(default_factory=dict[Aspect, Scale])
    """The scales of utterance scores without reference."""

    def rescaled(self, values: Array, *, with_reference: bool) -> Array:
        """Return what people give on average where a scorer says these utterance scores, (4,) each."""
        scales = self.scale if with_reference else self.free_scale
        pairs = zip(ASPECTS, values.tolist(), strict=True)
        return np.array([scales[aspect].at(value) if aspect in scales else value for aspect, value in pairs])

    def utterance_scores(self, values: Array | None, *, with_reference: bool) -> dict[Aspect, Score | None]:
        """Give utterance scores, shape (4,), their intervals; without values every aspect is None."""
        if values is None:
            return dict.fromkeys(ASPECTS)
        intervals = self.utterance if with_reference else self.free
        scores: dict[Aspect, Score | None] = {}
        for aspect, value in zip(ASPECTS, values.tolist(), strict=True):
            low, high = intervals[aspect].at(value)
            scores[aspect] = Score(value=value, low=low, high=high)
        return scores

    def mismatch_scores(self) -> dict[Aspect, Score | None]:
        """Return the scores that people give where something other than the text was said."""
        scores: dict[Aspect, Score | None] = {}
        for aspect in ASPECTS:
            level = self.mismatch[aspect]
            scores[aspect] = Score(value=level.value, low=level.low, high=level.high)
        return scores


def mismatch_levels(clips: Sequence[HumanScored]) -> dict[str, ScoreLevel]:
    """Return the human scores of mismatched clips or, where there are none, of the worst clips."""
    labelled = [clip for clip in clips if np.isfinite(clip.scores).any()]
    scores = np.stack([clip.scores for clip in labelled]).astype(np.float64)
    chosen = np.array([clip.mismatched for clip in labelled])
    if not chosen.any():
        mean = np.nanmean(scores, axis=1)
        chosen = mean <= np.nanquantile(mean, WORST)
    levels: dict[str, ScoreLevel] = {}
    for k, aspect in enumerate(ASPECTS):
        given = scores[chosen, k]
        given = given[np.isfinite(given)]
        levels[aspect] = ScoreLevel(
            value=float(given.mean()), low=float(given.min()), high=float(given.max())
        )
    return levels


def intervals_by_aspect(predicted: Array, human: Array) -> dict[Aspect, IntervalTable]:
    """Tabulate the intervals of utterance scores, (N, 4) each; a human score that is unknown is NaN."""
    return {aspect: known_interval(predicted[:, k], human[:, k]) for k, aspect in enumerate(ASPECTS)}


def known_interval(predicted: Array, human: Array) -> IntervalTable:
    """Tabulate the intervals of scores from 0 to 10, (N,) each; a human score that is unknown is NaN."""
    known = np.isfinite(human)
    return interval(predicted[known], human[known], 10.0)


def best_threshold(wrong: npt.NDArray[np.bool_], probability: Array) -> float:
    """Return the threshold on the probability that maximises F1."""
    order = np.argsort(-probability)
    hits = np.cumsum(wrong[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + max(int(wrong.sum()), 1))
    return float(probability[order][int(f1.argmax())])


def interval(predicted: Array, human: Array, top: float) -> IntervalTable:
    """Tabulate the 5th and 95th percentiles of the human scores over bins of the prediction."""
    order = np.argsort(predicted)
    knots: list[float] = []
    low: list[float] = []
    high: list[float] = []
    tail = (1 - COVERAGE) / 2
    if not len(order):  # nobody scored this: any score is possible
        return IntervalTable(knots=(0.0,), low=(0.0,), high=(top,))
    for part in np.array_split(order, min(BINS, len(order))):
        knots.append(float(predicted[part].mean()))
        ends = np.quantile(human[part], [tail, 1 - tail], method="higher")
        ends[0] = np.quantile(human[part], tail, method="lower")
        low.append(float(np.clip(ends[0], 0, top)))
        high.append(float(np.clip(ends[1], 0, top)))
    return IntervalTable(knots=tuple(knots), low=tuple(low), high=tuple(high))
