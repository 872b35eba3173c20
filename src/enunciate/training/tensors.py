"""Torch functions whose own annotations leave types open, with the types that they have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor


def tensor_of(array: npt.NDArray[Any]) -> Tensor:
    """The array's memory as a tensor."""
    return torch.from_numpy(array)  # pyright: ignore[reportUnknownMemberType]


def padded(arrays: Sequence[npt.NDArray[Any]], fill: float = 0.0) -> Tensor:
    """B arrays (U, ...) of unlike length as one tensor (B, longest, ...), `fill` behind the shorter ones."""
    most = max(map(len, arrays))
    rows = [np.pad(a, [(0, most - len(a))] + [(0, 0)] * (a.ndim - 1), constant_values=fill) for a in arrays]
    return tensor_of(np.stack(rows))


def int_list(tensor: Tensor) -> list[int]:
    """Values of a one-dimensional tensor of integers."""
    return tensor.tolist()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


def float_list(tensor: Tensor) -> list[float]:
    """Values of a one-dimensional tensor of floats."""
    return tensor.tolist()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


def chunks(tensor: Tensor, size: int) -> tuple[Tensor, ...]:
    """The tensor in pieces of `size` rows; the last one may be shorter."""
    return tensor.split(size)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


def seed_all(seed: int) -> None:
    """Seed torch's generators on all devices."""
    torch.manual_seed(seed)  # pyright: ignore[reportUnknownMemberType]


def backward(loss: Tensor) -> None:
    """Add the gradients of a loss to its parameters."""
    loss.backward()  # pyright: ignore[reportUnknownMemberType]


def update(optimizer: torch.optim.Optimizer) -> None:
    """Let the optimiser take its step."""
    optimizer.step()  # pyright: ignore[reportUnknownMemberType]
