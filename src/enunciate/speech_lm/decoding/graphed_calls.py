"""A function of tensors that a GPU repeats as one CUDA graph for each combination of shapes.

Most passes of decoding are so small that a GPU waits for the host to launch their kernels. A graph launches
all of them at once. Without graphs the function is called as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

_WARM_UPS = 3
"""Calls before a capture, in which libraries allocate and layers are compiled."""


@dataclass(eq=False)
class _Captured:
    inputs: tuple[Tensor, ...]
    output: Tensor
    graph: Any


class GraphedCalls:
    """Calls a function of tensors that never looks at their values on the host."""

    def __init__(self, function: Callable[..., Tensor], *, graphs: bool) -> None:
        """Wrap a function.

        Args:
            function: Takes tensors and returns one. It may change tensors that it holds, if a call that is
                repeated with the same inputs changes nothing more.
            graphs: Whether to capture it; only for tensors on a CUDA device.
        """
        self._function, self._graphs = function, graphs
        self._captured: dict[tuple[object, ...], _Captured] = {}

    def __call__(self, *inputs: Tensor) -> Tensor:
        """Return the output; with graphs the next call of the same shapes overwrites it."""
        if not self._graphs:
            return self._function(*inputs)
        key = tuple((tuple(one.shape), one.dtype) for one in inputs)
        captured = self._captured.get(key)
        if captured is None:
            captured = self._captured[key] = self._capture(inputs)
        for static, given in zip(captured.inputs, inputs, strict=True):
            static.copy_(given)
        captured.graph.replay()
        return captured.output

    def _capture(self, inputs: tuple[Tensor, ...]) -> _Captured:
        static = tuple(one.clone() for one in inputs)
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(_WARM_UPS):
                self._function(*static)
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            output = self._function(*static)
        return _Captured(static, output, graph)
