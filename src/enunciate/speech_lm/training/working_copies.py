"""Training with LoRA matrices in bfloat16 whose masters are in float32.

PEFT computes with a matrix in the precision that it has: where it is float32, the activations of every layer
are copied to float32 and back. Here the modules hold copies in bfloat16, the gradients of the micro-batches
are added up in float32, and the optimiser changes the float32 masters, in which an update far below the
resolution of bfloat16 is kept. Whatever measures or saves the model does it in `exactly`, where the modules
hold the masters themselves.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, distributed, nn

_LORA = ".lora_"


class WorkingCopies:
    """The LoRA matrices of a model, in two precisions."""

    def __init__(self, model: nn.Module, dtype: torch.dtype = torch.bfloat16) -> None:
        """Put copies into the modules, in place.

        Args:
            model: A model with an adapter, whose trained weights are float32.
            dtype: Precision of the copies.
        """
        trained = {name: p for name, p in model.named_parameters() if p.requires_grad and _LORA in name}
        self._parameters = list(trained.values())
        self.masters = {name: nn.Parameter(p.data) for name, p in trained.items()}
        """The matrices that the optimiser changes, by the names of the model's parameters."""
        self._values: list[Tensor] = [master.data for master in self.masters.values()]
        self._copies: list[Tensor] = [value.to(dtype, copy=True) for value in self._values]
        self._hold(self._copies)

    def collect(self) -> None:
        """Add the gradients of a micro-batch to those of the masters, and clear them."""
        pairs = zip(self._parameters, self.masters.values(), strict=True)
        there = [(parameter, master) for parameter, master in pairs if parameter.grad is not None]
        for parameter, master in there:
            fresh = parameter.grad
            parameter.grad = None
            assert fresh is not None
            if master.grad is None:
                master.grad = fresh.float()
            else:
                master.grad += fresh

    def publish(self) -> None:
        """Round the masters to the copies, after a step of the optimiser."""
        with torch.no_grad():
            torch._foreach_copy_(self._copies, self._values)  # pyright: ignore[reportPrivateImportUsage, reportPrivateUsage]

    @contextmanager
    def exactly(self) -> Generator[None, None, None]:
        """Let the modules hold the masters; changes of them reach the copies at the end. It can be nested."""
        before = [parameter.data for parameter in self._parameters]
        self._hold(self._values)
        try:
            yield
        finally:
            self._hold(before)
            self.publish()

    def _hold(self, values: Sequence[Tensor]) -> None:
        for parameter, value in zip(self._parameters, values, strict=True):
            parameter.data = value


def add_up_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Add the gradients of all processes, once a step; DDP would add those of the copies in every pass.

    A process in which a parameter had no part adds 0.
    """
    for parameter in parameters:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
        distributed.all_reduce(parameter.grad)
