"""Threshold and intervals of baselines that score phones, from predictions for held-out speakers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from enunciate.baselines.labelled_clip import LabelledClip
from enunciate.baselines.results import mispronunciation
from enunciate.pocket.calibration import (
    Calibration,
    best_threshold,
    interval,
    intervals_by_aspect,
    mismatch_levels,
)
from enunciate.schema import MISPRONOUNCED_BELOW

Array = npt.NDArray[np.float64]


def calibrate(
    clips: Sequence[LabelledClip[Any]],
    phone: Sequence[Array],
    utterance: Sequence[Array],
    without_reference: Sequence[Array],
) -> Calibration:
    """Estimate threshold and intervals from predictions for held-out speakers.

    Args:
        clips: The clips with their human scores.
        phone: For each clip, predicted phone scores (U,), 0 to 2.
        utterance: For each clip, predicted utterance scores (4,), 0 to 10.
        without_reference: For each clip, predicted utterance scores without reference (4,).
    """
    human = np.concatenate([clip.phone_scores for clip in clips]).astype(np.float64)
    known = human >= 0
    scores = np.stack([clip.scores for clip in clips]).astype(np.float64)
    predicted = np.concatenate(phone)[known]
    words = [_word_means(clip, values) for clip, values in zip(clips, phone, strict=True)]
    return Calibration(
        threshold=best_threshold(human[known] < MISPRONOUNCED_BELOW, mispronunciation(predicted)),
        phone=interval(predicted, human[known], 2.0),
        word=interval(np.concatenate([w[0] for w in words]), np.concatenate([w[1] for w in words]), 10.0),
        utterance=intervals_by_aspect(np.stack(utterance), scores),
        free=intervals_by_aspect(np.stack(without_reference), scores),
        mismatch=mismatch_levels(clips),
    )


def _word_means(clip: LabelledClip[Any], predicted: Array) -> tuple[Array, Array]:
    count = np.bincount(clip.word)
    known = np.bincount(clip.word, clip.phone_scores < 0) == 0
    guess = 5 * np.bincount(clip.word, predicted) / count
    return guess[known], (5 * np.bincount(clip.word, clip.phone_scores) / count)[known]
