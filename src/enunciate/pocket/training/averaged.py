"""A running mean of a model's weights, which does better than the weights of any step."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import Tensor

from enunciate.pocket.training.model import PocketModel

# One launch for all tensors; torch itself uses it for this, under a private name only.
_lerp_all: Callable[[list[Tensor], list[Tensor], float], None]
_lerp_all = torch._foreach_lerp_  # pyright: ignore[reportPrivateImportUsage, reportPrivateUsage]


class AveragedModel:
    """The exponential moving average of a model; `model` is always in evaluation mode."""

    def __init__(self, model: PocketModel) -> None:
        self.model = copy.deepcopy(model).eval().requires_grad_(requires_grad=False)

    @torch.no_grad()
    def take_back(self, start: dict[str, Tensor], share: float) -> None:
        """Move parameters towards where they started, by a share of the way.

        Args:
            start: Some parameters of the model by name, as they were.
            share: 0 leaves them as they are, 1 makes them what they were.
        """
        parameters = dict(self.model.named_parameters())
        for name, value in start.items():
            parameters[name].lerp_(value, share)

    @torch.no_grad()
    def update(self, model: PocketModel, decay: float) -> None:
        """Move towards the weights of a model, and take over its buffers."""
        own: list[Tensor] = [*self.model.parameters()]
        _lerp_all(own, [parameter.detach() for parameter in model.parameters()], 1 - decay)
        for ours, theirs in zip(self.model.buffers(), model.buffers(), strict=True):
            ours.copy_(theirs)
