"""What predictions mean: the threshold of a mispronunciation and tables of 90% intervals.

Both are read off predictions for speakers that the predicting model had not seen. An interval runs between
the 5th and the 95th percentile of the human scores given to about the same prediction (a binned form of
conditional conformal prediction), so it is wide where people disagree with the model and narrow where they do
not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from enunciate.schema import ASPECTS, MISPRONOUNCED_BELOW, FrozenModel

COVERAGE = 0.9
BINS = 8
WORST = 0.005
"""Share of clips that count as the worst."""
Array = npt.NDArray[np.float64]


class Labelled(Protocol):
    """A clip with human scores (`scorer_data.ScoredClip`)."""

    @property
    def phone_scores(self) -> npt.NDArray[np.float32]: ...  # noqa: D102
    @property
    def scores(self) -> npt.NDArray[np.float32]: ...  # noqa: D102
    @property
    def mismatched(self) -> bool: ...  # noqa: D102
    @property
    def word(self) -> npt.NDArray[np.int64]: ...  # noqa: D102


class Interval(FrozenModel):
    """A table from a prediction to its 90% interval, linear between the knots."""

    knots: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    def at(self, prediction: float) -> tuple[float, float]:
        """Lower and upper end, the prediction itself always inside."""
        low = float(np.interp(prediction, self.knots, self.low))
        high = float(np.interp(prediction, self.knots, self.high))
        return min(low, prediction), max(high, prediction)


class Level(FrozenModel):
    """What people gave to some kind of clip: mean and range."""

    value: float
    low: float
    high: float


class Calibration(FrozenModel):
    """All that is set on left-out speakers."""

    threshold: float
    """Probability from which a phone counts as mispronounced (greatest F1)."""
    phone: Interval
    word: Interval
    utterance: dict[str, Interval]
    free: dict[str, Interval]
    """For scores without a text."""
    mismatch: dict[str, Level]
    """For clips in which something else was said than the text."""


def calibrate(
    clips: Sequence[Labelled],
    phone: Sequence[Array],
    wrong: Sequence[Array],
    utterance: Sequence[Array],
    free: Sequence[Array],
) -> Calibration:
    """Set threshold and tables from predictions (phones 0 to 2, probabilities, utterances 0 to 10)."""
    human = np.concatenate([clip.phone_scores for clip in clips]).astype(np.float64)
    known = human >= 0
    words = [_word_means(clip, values) for clip, values in zip(clips, phone, strict=True)]
    return Calibration(
        threshold=best_threshold(human[known] < MISPRONOUNCED_BELOW, np.concatenate(wrong)[known]),
        phone=interval(np.concatenate(phone)[known], human[known], 2.0),
        word=interval(np.concatenate([w[0] for w in words]), np.concatenate([w[1] for w in words]), 10.0),
        utterance=_by_aspect(clips, utterance),
        free=_by_aspect(clips, free),
        mismatch=mismatch_levels(clips),
    )


def mismatch_levels(clips: Sequence[Labelled]) -> dict[str, Level]:
    """What people gave where something else was said; without such clips, what they gave to the worst."""
    labelled = [clip for clip in clips if np.isfinite(clip.scores).any()]
    scores = np.stack([clip.scores for clip in labelled]).astype(np.float64)
    chosen = np.array([clip.mismatched for clip in labelled])
    if not chosen.any():
        mean = np.nanmean(scores, axis=1)
        chosen = mean <= np.nanquantile(mean, WORST)
    levels: dict[str, Level] = {}
    for k, aspect in enumerate(ASPECTS):
        given = scores[chosen, k]
        given = given[np.isfinite(given)]
        levels[aspect] = Level(value=float(given.mean()), low=float(given.min()), high=float(given.max()))
    return levels


def _by_aspect(clips: Sequence[Labelled], predicted: Sequence[Array]) -> dict[str, Interval]:
    scores, found = np.stack([clip.scores for clip in clips]), np.stack(predicted)
    tables: dict[str, Interval] = {}
    for k, aspect in enumerate(ASPECTS):
        given = np.isfinite(scores[:, k])
        tables[aspect] = interval(found[given, k], scores[given, k].astype(np.float64), 10.0)
    return tables


def _word_means(clip: Labelled, predicted: Array) -> tuple[Array, Array]:
    count = np.bincount(clip.word)
    known = np.bincount(clip.word, clip.phone_scores < 0) == 0
    guess = 5 * np.bincount(clip.word, predicted) / count
    return guess[known], (5 * np.bincount(clip.word, clip.phone_scores) / count)[known]


def best_threshold(wrong: npt.NDArray[np.bool_], probability: Array) -> float:
    """The probability from which flagging gives the greatest F1."""
    order = np.argsort(-probability)
    hits = np.cumsum(wrong[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + max(int(wrong.sum()), 1))
    return float(probability[order][int(f1.argmax())])


def interval(predicted: Array, human: Array, top: float) -> Interval:
    """Tabulate the human scores' 5th and 95th percentiles over bins of the prediction."""
    order = np.argsort(predicted)
    knots: list[float] = []
    low: list[float] = []
    high: list[float] = []
    tail = (1 - COVERAGE) / 2
    if not len(order):  # nobody scored this: any score is possible
        return Interval(knots=(0.0,), low=(0.0,), high=(top,))
    for part in np.array_split(order, min(BINS, len(order))):
        knots.append(float(predicted[part].mean()))
        ends = np.quantile(human[part], [tail, 1 - tail], method="higher")
        ends[0] = np.quantile(human[part], tail, method="lower")
        low.append(float(np.clip(ends[0], 0, top)))
        high.append(float(np.clip(ends[1], 0, top)))
    return Interval(knots=tuple(knots), low=tuple(low), high=tuple(high))
