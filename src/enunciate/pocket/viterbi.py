"""Viterbi search through a graph whose states come in the order in which they can be passed.

A long reading has tens of thousands of frames and of states, so the search keeps a band of states around the
best one, and stores for each state of the band only which of its few predecessors it came from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

START = -1
"""Predecessor of the states in which a path can begin."""
BAND = 2_400
"""States that are searched at a time: some half a minute of text to either side of the best path."""

Indices = npt.NDArray[np.int64]
Floats = npt.NDArray[np.floating]


class NoPathError(ValueError):
    """There are fewer frames than the shortest path has states."""


@dataclass
class StateGraph:
    """States with the column of the emissions that each reads, and arcs from earlier states (or itself)."""

    columns: list[int] = field(default_factory=list[int])
    predecessors: list[list[int]] = field(default_factory=list[list[int]])
    entry_costs: list[float] = field(default_factory=list[float])
    """Subtracted when a state is entered from another one."""

    def add(self, column: int, predecessors: Sequence[int], *, loop: bool, entry_cost: float = 0.0) -> int:
        """Add a state and return its number; `loop` lets a path stay in it."""
        state = len(self.columns)
        self.columns.append(column)
        self.predecessors.append([*([state] if loop else []), *predecessors])
        self.entry_costs.append(entry_cost)
        return state


def best_path(
    emissions: Floats, graph: StateGraph, finals: Sequence[int], band: int = BAND
) -> tuple[Indices, float]:
    """The best state for each frame, and the score of the path.

    Args:
        emissions: (T, C) log-scores.
        graph: S states, in an order in which no arc goes back.
        finals: States in which a path can end.
        band: How many states are searched at a time.

    Raises:
        NoPathError: no path fits into the frames.
    """
    n_frames, n_states = len(emissions), len(graph.columns)
    table, costs, starts = _tables(graph)
    columns, entry = np.asarray(graph.columns), np.asarray(graph.entry_costs)
    width = min(band, n_states)
    scores = np.full(
        n_states + 1, -np.inf
    )  # the last one is never reached: it pads lists, and stands for START
    scores[starts] = emissions[0, columns[starts]] - entry[starts]
    scores[width:] = -np.inf
    origins = np.zeros((n_frames, width), dtype=np.int8)
    lows = np.zeros(n_frames, dtype=np.int64)
    rows, low = np.arange(width), 0
    for frame in range(1, n_frames):
        centre = low + int(np.argmax(scores[low : low + width]))
        low = max(low, min(centre - width // 2, n_states - width))
        scores[:low] = -np.inf
        candidates = scores[table[low : low + width]] - costs[low : low + width]
        best = candidates.argmax(axis=1)
        origins[frame], lows[frame] = best, low
        scores[low : low + width] = candidates[rows, best] + emissions[frame, columns[low : low + width]]
    final = max(finals, key=lambda state: scores[state])
    if not np.isfinite(scores[final]):
        raise NoPathError(f"{n_frames} frames cannot hold the shortest path")
    path = np.empty(n_frames, dtype=np.int64)
    path[-1] = final
    for frame in range(n_frames - 1, 0, -1):
        state = path[frame]
        path[frame - 1] = table[state, origins[frame, state - lows[frame]]]
    return path, float(scores[final])


def _tables(graph: StateGraph) -> tuple[Indices, Floats, list[int]]:
    """(S, P) predecessors, (S, P) costs of these arcs, and the states in which a path can begin."""
    n_states = len(graph.columns)
    most = max(map(len, graph.predecessors))
    table = np.full((n_states, most), n_states)
    for state, predecessors in enumerate(graph.predecessors):
        table[state, : len(predecessors)] = [n_states if p == START else p for p in predecessors]
    own = table == np.arange(n_states)[:, None]
    costs = np.where(own, 0.0, np.asarray(graph.entry_costs)[:, None])
    return table, costs, [state for state, p in enumerate(graph.predecessors) if START in p]
