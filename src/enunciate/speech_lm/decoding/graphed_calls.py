"""A function of tensors that a GPU repeats as one CUDA graph for each combination of shapes that comes again.

Most passes of decoding are so small that a GPU waits for the host to launch their kernels. A graph launches
all of them at once. Without graphs the function is called as it is. So is one whose pass is large enough to
keep a GPU busy, because a graph holds the memory of its pass for as long as it is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

_WARM_UPS = 3
"""Calls before a capture, in which libraries allocate and layers are compiled."""
MOST_POSITIONS = 2**13
"""The most positions of a pass that is captured, if nothing else is said."""
KEPT_POSITIONS = 4 * MOST_POSITIONS
"""The most positions of all graphs that are kept; the least recently used graph is dropped first."""


@dataclass(eq=False)
class _Captured:
    inputs: tuple[Tensor, ...]
    """The tensors that the graph reads."""
    output: Tensor
    graph: Any


class GraphedCalls:
    """Calls a function of tensors that never looks at their values on the host."""

    def __init__(
        self, function: Callable[..., Tensor], *, graphs: bool, most_positions: int = MOST_POSITIONS
    ) -> None:
        """Wrap a function.

        Args:
            function: Takes tensors, the first of which is (B, L, ...) for B x L positions, and returns one.
                It may change tensors that it holds, if a call that is repeated with the same inputs changes
                nothing more.
            graphs: Whether to capture it; only for tensors on a CUDA device.
            most_positions: The most positions of a pass that is captured.
        """
        self._function, self._graphs, self._most_positions = function, graphs, most_positions
        self._captured: dict[tuple[object, ...], _Captured] = {}
        self._seen: set[tuple[object, ...]] = set()
        """Shapes that came before. Many of an evaluation come only once, and a capture costs four passes."""

    def __call__(self, *inputs: Tensor) -> Tensor:
        """Return the output; with graphs the next call of the same shapes overwrites it."""
        if not self._graphs or _positions(inputs) > self._most_positions:
            return self._function(*inputs)
        key = tuple((tuple(one.shape), one.dtype) for one in inputs)
        if key not in self._seen:
            self._seen.add(key)
            return self._function(*inputs)
        captured = self._captured.pop(key, None)
        if captured is None:
            self._let_go(_positions(inputs))
            captured = self._capture(inputs)
        self._captured[key] = captured  # the last one that was used is the last to be let go
        for static, given in zip(captured.inputs, inputs, strict=True):
            static.copy_(given)
        captured.graph.replay()
        return captured.output

    def _let_go(self, needed: int) -> None:
        """Drop graphs until there is room for a pass over this many positions."""
        kept = sum(_positions(one.inputs) for one in self._captured.values())
        while self._captured and kept + needed > KEPT_POSITIONS:
            kept -= _positions(self._captured.pop(next(iter(self._captured))).inputs)

    def _capture(self, inputs: tuple[Tensor, ...]) -> _Captured:
        static = tuple(one.clone() for one in inputs)
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        graph = torch.cuda.CUDAGraph()
        with casts_not_kept():
            with torch.cuda.stream(side):
                for _ in range(_WARM_UPS):
                    self._function(*static)
            torch.cuda.current_stream().wait_stream(side)
            with torch.cuda.graph(graph, capture_error_mode="thread_local"):
                output = self._function(*static)
        return _Captured(static, output, graph)


@contextmanager
def casts_not_kept() -> Generator[None, None, None]:
    """Let autocast cast weights wherever they are used.

    It keeps casts of trained weights until its own end, and a graph must not read what is gone by then.
    """
    before = torch.is_autocast_cache_enabled()
    torch.set_autocast_cache_enabled(False)
    try:
        yield
    finally:
        torch.set_autocast_cache_enabled(before)


def _positions(inputs: tuple[Tensor, ...]) -> int:
    rows, length = inputs[0].shape[:2]
    return rows * length
