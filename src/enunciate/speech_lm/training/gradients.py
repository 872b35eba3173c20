"""The gradients of a step: those of its micro-batches, added up."""

# The libraries' annotations leave many types open.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from enunciate.speech_lm.answer_loss import answer_loss
from enunciate.speech_lm.training.collator import Collator
from enunciate.speech_lm.training.data import AdapterExample
from enunciate.speech_lm.training.working_copies import WorkingCopies


class Gradients:
    """Adds up the gradients of micro-batches in a model that is trained."""

    def __init__(
        self,
        model: nn.Module,
        accelerator: Accelerator,
        collator: Collator,
        copies: WorkingCopies | None,
        ordinal_weight: float,
    ) -> None:
        """Prepare for a model.

        Args:
            model: As `accelerator` has prepared it.
            accelerator: Knows precision and processes.
            collator: Makes batches of examples.
            copies: Of the model's LoRA matrices, if it computes with copies.
            ordinal_weight: As in `answer_loss`.
        """
        self.adds_up = copies is not None and accelerator.num_processes > 1
        """Whether the gradients of all processes are left to the caller, as DDP does not know the masters."""
        self._model, self._accelerator, self._collator = model, accelerator, collator
        self._copies, self._ordinal_weight = copies, ordinal_weight

    def add(self, batches: Sequence[Sequence[AdapterExample]], n_items: int, *, ends_step: bool) -> Tensor:
        """Add the gradients of micro-batches; returns their part of the loss.

        Args:
            batches: The micro-batches.
            n_items: Answer tokens of the whole step, in all processes.
            ends_step: Whether the processes exchange their gradients in the last pass.
        """
        accelerator = self._accelerator
        total = torch.zeros((), device=accelerator.device)
        for index, examples in enumerate(batches):
            batch = self._collator(examples)
            exchanging = ends_step and index + 1 == len(batches)
            with nullcontext() if exchanging else accelerator.no_sync(self._model):
                loss = answer_loss(self._model, batch, n_items, self._ordinal_weight)
                # DDP and FSDP average over the processes, and the parts of the loss are to be added.
                accelerator.backward(loss * (1 if self.adds_up else accelerator.num_processes))
            if self._copies is not None:
                self._copies.collect()
            total += loss.detach()
        return total

    def drop(self) -> None:
        """Forget all gradients, those of a pass that was broken off included."""
        self._model.zero_grad()
        for master in self._copies.masters.values() if self._copies is not None else ():
            master.grad = None
