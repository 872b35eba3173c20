"""Padding of arrays of different lengths to one tensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor


def padded(arrays: Sequence[npt.NDArray[Any]], fill: float = 0.0) -> Tensor:
    """Stack B arrays (U, ...) of different lengths into one tensor (B, longest, ...), padded with `fill`."""
    longest = max(map(len, arrays))
    rows = [
        np.pad(array, [(0, longest - len(array))] + [(0, 0)] * (array.ndim - 1), constant_values=fill)
        for array in arrays
    ]
    return torch.from_numpy(np.stack(rows))
