"""Plans of the rows of a batch: what is cut from where. All times are in frames of 10 ms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

Times = npt.NDArray[np.float64]
Change = Literal["", "pause"]
"""What was done to a phrase: nothing, or a pause put between two words."""


class Piece(NamedTuple):
    """A stretch of a clip, and where it goes in the row."""

    clip: int
    first: int
    length: int
    place: int


class PhrasePlan(NamedTuple):
    """A clip in a row, with the times of its phones in the row."""

    clip: int
    start: Times
    """`(U,)`"""
    end: Times
    change: Change


@dataclass
class RowPlan:
    """One row of a batch."""

    pieces: list[Piece] = field(default_factory=list[Piece])
    phrases: list[PhrasePlan] = field(default_factory=list[PhrasePlan])
    frames: int = 0
    tempo: float = 1.0
    """The speed that the row gets; 2 is twice as fast."""
