"""The predictions of a baseline for one labelled clip, from which a fit is calibrated and measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class BaselinePrediction:
    """Predictions for one clip of U phones."""

    utterance: npt.NDArray[np.float64]
    """(4,) utterance scores from 0 to 10."""
    without_reference: npt.NDArray[np.float64]
    """(4,) utterance scores from 0 to 10, predicted without the reference text."""
    phone: npt.NDArray[np.float64] | None
    """(U,) phone scores from 0 to 2; None from a system that gives none."""
