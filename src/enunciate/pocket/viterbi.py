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


class PathSearch:
    """A search that is fed its frames in pieces, and says early where the best path must lie."""

    def __init__(self, graph: StateGraph, n_frames: int, band: int = BAND) -> None:
        """Prepare a search.

        Args:
            graph: S states, in an order in which no arc goes back.
            n_frames: How many frames will come, at least 1.
            band: How many states are searched at a time.
        """
        self._n_states, self._frame = len(graph.columns), 0
        self._table, self._costs, self._starts = _tables(graph)
        self._columns, self._entry = np.asarray(graph.columns), np.asarray(graph.entry_costs)
        self._width, self._low = min(band, self._n_states), 0
        # The last score is never reached: it pads lists, and stands for START.
        self._scores = np.full(self._n_states + 1, -np.inf)
        self._origins = np.zeros((n_frames, self._width), dtype=np.int8)
        self._lows = np.zeros(n_frames, dtype=np.int64)
        self._agreed = np.zeros(0, dtype=np.int64)

    def feed(self, emissions: Floats) -> None:
        """Search the next frames, (T, C) log-scores."""
        scores, width, rows = self._scores, self._width, np.arange(self._width)
        if self._frame == 0:
            starts = self._starts
            scores[starts] = emissions[0, self._columns[starts]] - self._entry[starts]
            scores[width:] = -np.inf
            emissions, self._frame = emissions[1:], 1
        low = self._low
        for row in emissions:
            centre = low + int(np.argmax(scores[low : low + width]))
            low = max(low, min(centre - width // 2, self._n_states - width))
            scores[:low] = -np.inf
            candidates = scores[self._table[low : low + width]] - self._costs[low : low + width]
            best = candidates.argmax(axis=1)
            self._origins[self._frame], self._lows[self._frame] = best, low
            scores[low : low + width] = candidates[rows, best] + row[self._columns[low : low + width]]
            self._frame += 1
        self._low = low

    def agreed(self, margin: float) -> Indices:
        """Return the states of the first frames, on which all paths agree that may still become the best.

        Args:
            margin: Paths that are worse than the best one by more than this are not expected to catch up.
        """
        live = np.flatnonzero(self._scores >= self._scores.max() - margin)
        last = self._frame - 1
        while len(live) > 1 and last > 0:
            live = np.unique(self._table[live, self._origins[last, live - self._lows[last]]])
            last -= 1
        if len(live) == 1:
            self._agreed = self._trace(int(live[0]), last)
        return self._agreed

    def finish(self, finals: Sequence[int]) -> tuple[Indices, float]:
        """Return the best state for each frame, and the score of the path, which ends in one of the states.

        Raises:
            NoPathError: no path fits into the frames.
        """
        final = max(finals, key=lambda state: self._scores[state])
        if not np.isfinite(self._scores[final]):
            raise NoPathError(f"{self._frame} frames cannot hold the shortest path")
        return self._trace(final, self._frame - 1), float(self._scores[final])

    def _trace(self, state: int, last: int) -> Indices:
        """Return the best path to a state in the frame `last`, traced until it joins the one known."""
        path = np.empty(last + 1, dtype=np.int64)
        path[last] = state
        for frame in range(last, 0, -1):
            if frame < len(self._agreed) and self._agreed[frame] == state:
                path[:frame] = self._agreed[:frame]
                break
            state = self._table[state, self._origins[frame, state - self._lows[frame]]]
            path[frame - 1] = state
        return path


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
    search = PathSearch(graph, len(emissions), band)
    search.feed(emissions)
    return search.finish(finals)


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
