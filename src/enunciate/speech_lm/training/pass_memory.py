"""How many tokens a pass may have, by the memory that two passes were seen to take.

A pass takes a fixed part, and so much for each token: a line, of which two passes are two points. Tokens of
answers take more, by their logits, so that two kinds of examples are measured, and the larger need counts;
so they are of each instruction that passes compute once, of which other examples have another.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from typing import Protocol

import torch

from enunciate.speech_lm.training.data import AdapterExample
from enunciate.speech_lm.training.shared_instruction import by_instruction, pass_tokens

_LEFT_FREE = 0.1
"""This share of the memory is left to fragmentation, libraries and lengths that were not measured."""
_ROUND = 64
"""The number of tokens is a multiple of this."""


class MemoryMeter(Protocol):
    """Measures the memory of a device."""

    @property
    def available(self) -> float:
        """Bytes that this process could hold, with those that it holds."""
        ...

    def peak(self, call: Callable[[], object]) -> float:
        """Return the most bytes that this process held while it ran `call`."""
        ...


class GpuMemory:
    """Measures the memory of a GPU."""

    def __init__(self, device: torch.device) -> None:
        self._device = device

    @property
    def available(self) -> float:
        """Bytes that are free or torch's."""
        return float(torch.cuda.mem_get_info(self._device)[0] + torch.cuda.memory_reserved(self._device))

    def peak(self, call: Callable[[], object]) -> float:
        """Return the most bytes of tensors while `call` ran."""
        gc.collect()
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(self._device)
        call()
        torch.cuda.synchronize(self._device)
        return float(torch.cuda.max_memory_allocated(self._device))


def memory_meter(device: torch.device) -> MemoryMeter | None:
    """Return the meter of a GPU; None for other devices, whose memory is not measured."""
    return GpuMemory(device) if device.type == "cuda" else None


def fitting_tokens(
    examples: Sequence[AdapterExample],
    batch_size: int,
    most: int,
    available: float,
    peak: Callable[[Sequence[AdapterExample]], float],
) -> int:
    """Return how many tokens, padding included, joined micro-batches may have so that a pass fits.

    Args:
        examples: All examples of the run.
        batch_size: Examples of a micro-batch.
        most: More tokens than this are never needed.
        available: Bytes that the run may hold.
        peak: Runs the forward and backward pass of a micro-batch, and returns the most bytes held.

    Returns:
        A multiple of 64, or `most`, or 0 if no two micro-batches fit together.
    """
    rows = max(4, batch_size)  # and half of them are two at least: layers are compiled apart for one
    apart = [alike for alike in by_instruction(examples) if len(alike) >= rows] or [examples]
    kinds = [
        chosen
        for alike in apart
        for chosen in (
            sorted(alike, key=lambda e: -e.length)[:rows],
            sorted(alike, key=lambda e: -len(e.answer_ids) / _own(e))[:rows],
        )
    ]
    peak(kinds[0][:2])  # compiles, and allocates what stays
    tokens = float(most)
    for chosen in kinds:
        points = [(pass_tokens(part), peak(part)) for part in (chosen[: len(chosen) // 2], chosen)]
        (few, less), (many, more) = points
        per_token = (more - less) / (many - few) if many > few else more / many
        if per_token > 0:
            tokens = min(tokens, many + ((1 - _LEFT_FREE) * available - more) / per_token)
    shortest = sorted(map(_own, examples))[:2]
    if tokens >= most:
        return most
    return int(tokens) // _ROUND * _ROUND if tokens >= batch_size * sum(shortest) else 0


def _own(example: AdapterExample) -> int:
    """The tokens that no other example shares."""
    return example.length - len(example.instruction)
