"""Threshold, scales and 90% intervals of `pocket` from predictions for speakers that were not learnt from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from enunciate.phones.alignment import edit_distance
from enunciate.pocket.aspects import FLUENCY
from enunciate.pocket.calibration import (
    Calibration,
    IntervalTable,
    best_threshold,
    interval,
    mismatch_levels,
)
from enunciate.pocket.mismatch import MISMATCH_PER
from enunciate.pocket.score_scale import Scale, fit_scale
from enunciate.pocket.training.label_intervals import interval_of_ranges
from enunciate.pocket.training.labels import ClipLabels
from enunciate.pocket.training.measure import middles
from enunciate.pocket.training.predictions import ClipPrediction
from enunciate.schema import ASPECTS, MISPRONOUNCED_BELOW, Aspect

Floats = npt.NDArray[np.float64]
_LOWEST_BIN = (0.0, 4.0)
_LOWEST_TYPICAL = 3.9
"""The usual score in fluency's lowest bin: people hardly give less than 4."""


class _HumanScores:
    """The human scores of one clip, in the form that `mismatch_levels` takes."""

    def __init__(self, labels: ClipLabels, prediction: ClipPrediction) -> None:
        self.scores = whole_scores(labels).astype(np.float32)
        errors = edit_distance(labels.classes, prediction.heard)
        self.mismatched = errors / len(labels.classes) >= MISMATCH_PER


def whole_scores(labels: ClipLabels) -> Floats:
    """Return the utterance scores of a clip `(4,)`: middles of ranges, NaN where unknown."""
    scores = middles(labels.low, labels.high)
    if (labels.low[FLUENCY], labels.high[FLUENCY]) == _LOWEST_BIN:
        scores[FLUENCY] = _LOWEST_TYPICAL
    return scores


def calibrate(
    clips: Sequence[ClipLabels],
    predictions: Sequence[ClipPrediction],
    native: Sequence[ClipPrediction] = (),
) -> Calibration:
    """Estimate the threshold of a mispronunciation, the scales, and the tables of intervals.

    Args:
        clips: The labels of held-out clips. In scales a range counts by its middle.
        predictions: What a model that had not seen their speakers says of them.
        native: What it says of good readings by native voices that it had not heard.
    """
    phones = np.concatenate([np.array(clip.phone_low, dtype=np.float64) for clip in clips])
    known = phones >= 0
    predicted = _joined([one.phone for one in predictions])[known]
    wrong = _joined([one.wrong for one in predictions])[known]
    human = np.stack([whole_scores(clip) for clip in clips])
    whole, scale = _scaled([one.whole for one in predictions], human, [one.whole for one in native])
    free, free_scale = _scaled([one.free for one in predictions], human, [one.free for one in native])
    paired = zip(clips, predictions, strict=True)
    return Calibration(
        threshold=best_threshold(phones[known] < MISPRONOUNCED_BELOW, wrong),
        phone=interval(predicted, phones[known], 2.0),
        word=interval_of_ranges(
            _joined([one.word for one in predictions]),
            np.concatenate([clip.word_low for clip in clips]),
            np.concatenate([clip.word_high for clip in clips]),
        ),
        utterance=_intervals(whole, clips),
        free=_intervals(free, clips),
        mismatch=mismatch_levels([_HumanScores(*pair) for pair in paired]),
        scale=scale,
        free_scale=free_scale,
    )


def _intervals(predicted: Floats, clips: Sequence[ClipLabels]) -> dict[Aspect, IntervalTable]:
    """Tabulate the intervals of utterance scores, (N, 4)."""
    low, high = np.array([clip.low for clip in clips]), np.array([clip.high for clip in clips])
    return {
        aspect: interval_of_ranges(predicted[:, k], low[:, k], high[:, k]) for k, aspect in enumerate(ASPECTS)
    }


def _scaled(
    rows: Sequence[npt.NDArray[np.float32]], human: Floats, native: Sequence[npt.NDArray[np.float32]]
) -> tuple[Floats, dict[Aspect, Scale]]:
    """Fit the scale of each aspect; return the predictions on it, (N, 4), and the scales."""
    predicted = _stacked(rows)
    heard = _stacked(native) if native else np.zeros((0, len(ASPECTS)))
    columns = range(len(ASPECTS))
    scales = [fit_scale(predicted[:, k], human[:, k], heard[:, k]) for k in columns]
    on_scale = np.stack([np.vectorize(scales[k].at)(predicted[:, k]) for k in columns], axis=1)
    return on_scale, dict(zip(ASPECTS, scales, strict=True))


def _joined(arrays: Sequence[npt.NDArray[np.float32]]) -> Floats:
    return np.concatenate(arrays).astype(np.float64)


def _stacked(rows: Sequence[npt.NDArray[np.float32]]) -> Floats:
    return np.stack(rows).astype(np.float64)
