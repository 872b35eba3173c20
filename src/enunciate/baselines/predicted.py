"""What a baseline says of one labelled clip while it is trained."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Predicted:
    """Predictions for one clip of U phones."""

    utterance: npt.NDArray[np.float64]
    """(4,) scores, 0 to 10."""
    free: npt.NDArray[np.float64]
    """(4,) the same without the text."""
    phone: npt.NDArray[np.float64] | None
    """(U,) scores, 0 to 2; None from a system that gives none."""
