"""Single-precision master copies of bfloat16 weights, their optimiser and their moving average.

At the learning rates used here most updates of a bfloat16 weight would be lost to rounding. So AdamW updates
copies, which are written back after each step. All parameters are handled in one launch: a loop over them
would cost as much as the network.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

_MAX_GRAD_NORM = 1.0
"""The gradient-clipping norm."""


class MasterWeights:
    """The trained parameters of a network in single precision."""

    def __init__(
        self,
        working: Sequence[nn.Parameter],
        averaged: Sequence[Tensor],
        learning_rate: float,
        weight_decay: float,
    ) -> None:
        """Copy the parameters; only then may the network be moved to lower precision, in place.

        Args:
            working: The parameters of the network, still in single precision.
            averaged: The tensors that receive their exponential moving average, in the same order.
            learning_rate: The learning rate of the first step.
            weight_decay: The weight decay of matrices; vectors have none.
        """
        self.working: list[Tensor] = list(working)
        self.averaged = list(averaged)
        self.copies: list[Tensor] = [p.detach().clone().requires_grad_() for p in working]
        self.optimizer = torch.optim.AdamW(
            [
                {"params": [p for p in self.copies if p.ndim > 1], "weight_decay": weight_decay},
                {"params": [p for p in self.copies if p.ndim <= 1], "weight_decay": 0.0},
            ],
            lr=learning_rate,
            betas=(0.9, 0.98),
            fused=working[0].device.type == "cuda",
        )
        for copy in self.copies:
            copy.grad = torch.zeros_like(copy)

    @torch.no_grad()
    def step(self, learning_rate: float, decay: float) -> None:
        """Do one step with the network's gradients; the moving average keeps `decay` of itself."""
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        gradients = [p.grad if p.grad is not None else torch.zeros_like(p) for p in self.working]
        torch._foreach_copy_([p.grad for p in self.copies if p.grad is not None], gradients)  # pyright: ignore[reportPrivateImportUsage, reportPrivateUsage]
        nn.utils.clip_grad_norm_(self.copies, _MAX_GRAD_NORM)
        self.optimizer.step()
        torch._foreach_copy_(self.working, self.copies)  # pyright: ignore[reportPrivateImportUsage, reportPrivateUsage]
        torch._foreach_lerp_(self.averaged, self.copies, 1 - decay)  # pyright: ignore[reportPrivateImportUsage, reportPrivateUsage]
