"""Micro-batches of a step are joined up to what the memory holds, which is found out before the first step.

A step's loss is divided by the answer tokens of the whole step, so that its gradients are the same however
its examples are divided into passes. A step that runs out of memory is therefore computed again in smaller
passes.
"""

# The libraries' annotations leave many types open.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

import gc
from collections.abc import Sequence
from contextlib import suppress
from typing import cast

import torch
from accelerate import Accelerator
from torch import Tensor

from enunciate.errors import DeviceError
from enunciate.speech_lm.training.batch_plan import BatchPlan, StepPlan, joined
from enunciate.speech_lm.training.data import AdapterExample
from enunciate.speech_lm.training.gradients import Gradients
from enunciate.speech_lm.training.pass_memory import fitting_tokens, memory_meter

MOMENT_BYTES = 8
"""Bytes per trained weight that AdamW will hold from its first step on."""


class Joining:
    """Decides how many tokens the passes of a run have, and runs them."""

    def __init__(self, plan: BatchPlan, gradients: Gradients, accelerator: Accelerator) -> None:
        self._plan, self._gradients, self._accelerator = plan, gradients, accelerator

    def choose(self, batch_size: int, n_trained: int) -> int:
        """Choose the number of tokens by the free memory, the least of all processes; random states stay.

        Args:
            batch_size: Examples of a micro-batch.
            n_trained: Trained weights, whose moments the optimiser does not hold yet.

        Returns:
            The number; 0 where memory is not measured (on a CPU), or where nothing fits.
        """
        plan, device = self._plan, self._accelerator.device
        meter, tokens = memory_meter(device), 0
        if meter is not None:

            def peak(examples: Sequence[AdapterExample]) -> float:
                return meter.peak(lambda: self._gradients.add([examples], plan.most_tokens, ends_step=False))

            available = meter.available - MOMENT_BYTES * n_trained
            # Where not even the passes that are measured fit, nothing is joined.
            with (
                torch.random.fork_rng([device] if device.type == "cuda" else []),
                suppress(torch.OutOfMemoryError),
            ):
                tokens = fitting_tokens(plan.examples, batch_size, plan.most_tokens, available, peak)
            self._gradients.drop()
        if self._accelerator.num_processes > 1:
            found = self._accelerator.gather(torch.tensor([tokens], device=device))
            tokens = int(cast("Tensor", found).min())
        return tokens

    def add_gradients(self, step: StepPlan, join_to: int) -> tuple[Tensor, int]:
        """Add up the gradients of a step, and halve what is joined if the memory does not suffice.

        Args:
            step: The step.
            join_to: Micro-batches are joined up to so many tokens.

        Returns:
            This process's part of the loss, and the number of tokens for which the memory sufficed.

        Raises:
            DeviceError: The memory does not suffice for what is not joined; or it does not in one of
                several processes, which cannot begin the step anew by itself.
        """
        while True:
            batches = joined(step.batches, join_to)
            try:
                return self._gradients.add(batches, step.n_items, ends_step=True), join_to
            except torch.OutOfMemoryError as error:
                joins = len(batches) < len(step.batches)
                if not joins or self._accelerator.num_processes > 1:
                    smaller = "join_to" if joins else "batch_size, and more accumulation,"
                    raise DeviceError(
                        f"{self._accelerator.device} has too little memory for a step: train anew with a "
                        f"smaller {smaller} or with gradient_checkpointing=true, in another 'out'"
                    ) from error
            # Only here has the error let go of the activations.
            self._gradients.drop()
            gc.collect()
            if self._accelerator.device.type == "cuda":
                torch.cuda.empty_cache()
            join_to //= 2
