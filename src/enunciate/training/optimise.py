"""The inner loop of trainers whose models fit into memory as a whole."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn


def optimise(
    model: nn.Module,
    losses: Iterable[Tensor],
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    max_grad_norm: float = 1.0,
) -> None:
    """Train a model with one step for each loss, and leave it in evaluation mode.

    Args:
        model: The model, which computes the losses.
        losses: A generator, so that each loss is computed after the step for the one before.
        optimizer: The optimiser of the model's parameters.
        schedule: The schedule of the learning rate, advanced after each step.
        max_grad_norm: The gradient-clipping norm.
    """
    model.train()
    for loss in losses:
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_grad_norm)
        optimizer.step()
        schedule.step()
    model.eval()
