"""The features of a clip beside its human scores: what baselines learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from enunciate.schema import ASPECTS, Utterance

Features = TypeVar("Features")


@dataclass(frozen=True)
class LabelledClip(Generic[Features]):
    """The features of one clip of U canonical phones, with its human scores (a `calibration.Labelled`)."""

    with_reference: Features
    """Features of the alignment to the reference text."""
    without_reference: Features
    """Features of the alignment to the phones heard."""
    phone_scores: npt.NDArray[np.float32]
    """(U,) 0 to 2, -1 where unknown."""
    scores: npt.NDArray[np.float32]
    """(4,) 0 to 10 in the order of `ASPECTS`, NaN where unknown."""
    word: npt.NDArray[np.int64]
    """(U,) index of each phone's word."""
    word_scores: npt.NDArray[np.float32]
    """(W, 3) accuracy, stress and total of the words, 0 to 10, NaN where unknown."""
    mismatched: bool
    """Whether something other than the reference text was said."""


def phone_labels(utterance: Utterance) -> npt.NDArray[np.float32]:
    """Return `LabelledClip.phone_scores`."""
    words = utterance.words or ()
    scores = [score for word in words for score in word.phone_scores or (-1.0,) * len(word.phones)]
    return np.array(scores, dtype=np.float32)


def utterance_labels(utterance: Utterance) -> npt.NDArray[np.float32]:
    """Return `LabelledClip.scores`."""
    return np.array(_with_nan([getattr(utterance.scores, aspect, None) for aspect in ASPECTS]), np.float32)


def word_labels(utterance: Utterance) -> npt.NDArray[np.float32]:
    """Return `LabelledClip.word_scores`."""
    words = utterance.words or ()
    return np.array([_with_nan((w.accuracy, w.stress, w.total)) for w in words], dtype=np.float32)


def _with_nan(scores: Sequence[float | None]) -> list[float]:
    return [np.nan if score is None else score for score in scores]
