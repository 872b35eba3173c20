"""Which passages of a text were not read at all: its end, its beginning, a page in the middle.

A learner reads the first paragraph of a page and stops, or begins with the second. `forced_alignment` passes
over single words, each for a cost and a frame; a hundred words would take two seconds from those that were
read. So the phones heard, without their times, are first compared with those of the whole text by an edit
distance in which a jump over any number of words costs the same. The work grows with the product of both
lengths, and the memory with the length of the text.

In a text of thousands of words, chance finds a place that resembles anything. Whether the text was read
shows in the comparison with the same phones in the opposite order, which nobody reads. The constants were
chosen with clips of the train split joined to readings (docs/pocket.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from enunciate.phones.articulation import distance_table
from enunciate.pocket.symbols import BLANK

FEWEST_WORDS = 12
"""A passage has at least so many words. Jumps may be shorter, but the alignment itself passes over fewer."""
INSERTION_COST = 1.5
"""A phone that was heard and is nowhere in the text costs this; one in another's place costs 0.5 to 1 by the
articulatory distance, and one of the text that was not heard 1. So words that were read badly were read."""
JUMP_COST, JUMP_COST_PER_LOG_WORD = 3.0, 1.0
"""A jump costs as much as so many wrong phones, and more in a text of many words (by the natural logarithm),
as more of them resemble what was said."""
CHANCE = 0.75
"""The text was read where the phones cost less than this share of what they cost with the reverse text."""

Range = tuple[int, int]
"""First and one past the last word."""
Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int32]

_NO_JUMP = -1


class PassageSearch:
    """Compares the phones heard, as they come, with those of a text."""

    def __init__(self, words: Sequence[Sequence[int]]) -> None:
        """Prepare a search.

        Args:
            words: The classes of the phones of each of W words, at least one in each.
        """
        self._words = words
        self._search = _JumpingSearch(words)
        self._reverse: _JumpingSearch | None = None
        self._heard: list[int] = []
        self._class = BLANK

    def feed(self, ctc: Floats) -> None:
        """Compare what is heard in the next frames, (F, 40) CTC log-probabilities."""
        best = ctc.argmax(axis=1)
        changed = best != np.concatenate(([self._class], best[:-1]))
        new = [int(label) for label in best[changed] if label != BLANK]
        self._class = int(best[-1])
        self._heard += new
        self._search.feed(new)
        if self._reverse is not None:
            self._reverse.feed(new)

    def unread(self, *, at_end: bool) -> tuple[Range, ...]:
        """Return the passages that were not read, in order; none where the text was not read at all.

        Args:
            at_end: Whether all was heard, so that the rest of the text was not read either.
        """
        jumps = self._search.jumps()
        passages = tuple(
            jump for jump in jumps[: None if at_end else -1] if jump[1] - jump[0] >= FEWEST_WORDS
        )
        return passages if passages and self._is_read() else ()

    def _is_read(self) -> bool:
        """Whether the phones heard fit the text better than the text from its last phone to its first."""
        if self._reverse is None:
            self._reverse = _JumpingSearch([word[::-1] for word in reversed(self._words)])
            self._reverse.feed(self._heard)
        return self._search.cost < CHANCE * self._reverse.cost


@dataclass
class _Jumps:
    """All jumps that were tried, each with the place from which it was made and the jump before."""

    source: list[int] = field(default_factory=list[int])
    """The words passed before the jump."""
    before: list[int] = field(default_factory=list[int])
    landing: list[int] = field(default_factory=list[int])
    """The word on which the jump before landed."""


class _JumpingSearch:
    """The edit distance with jumps. Its states are the number of phones of the text that are passed."""

    def __init__(self, words: Sequence[Sequence[int]]) -> None:
        phones = np.array([label for word in words for label in word])
        lengths = [len(word) for word in words]
        self._bounds = np.concatenate(([0], np.cumsum(lengths)))
        """(W + 1,) the states between words."""
        substitution = (1.0 + distance_table()) / 2
        np.fill_diagonal(substitution, 0.0)
        self._costs_of = substitution[:, phones - 1].astype(np.float32)
        """(39, N) what it costs to hear a phone in the place of each phone of the text."""
        self._jump_cost = np.float32(JUMP_COST + JUMP_COST_PER_LOG_WORD * np.log(len(words)))
        self._places = np.arange(len(phones) + 1, dtype=np.float32)
        self._indices = np.arange(len(phones) + 1, dtype=np.int32)
        self._jumps = _Jumps()
        self._last = np.full(len(phones) + 1, _NO_JUMP, dtype=np.int32)
        """For each state the last jump of its best path, and the word on which it landed."""
        self._landing = np.zeros(len(phones) + 1, dtype=np.int32)
        self._cost = np.full(len(phones) + 1, np.inf, dtype=np.float32)
        self._cost[0] = 0.0
        self._pass_over()
        self._jump()

    @property
    def cost(self) -> float:
        """The cost of the best path; the text after it costs nothing."""
        return float(self._cost.min())

    def feed(self, heard: Sequence[int]) -> None:
        """Compare the next phones."""
        for label in heard:
            substituted = self._cost[:-1] + self._costs_of[label - 1]
            self._cost += INSERTION_COST
            better = np.flatnonzero(substituted < self._cost[1:])
            self._cost[better + 1] = substituted[better]
            self._last[better + 1], self._landing[better + 1] = self._last[better], self._landing[better]
            self._pass_over()
            self._jump()

    def jumps(self) -> list[Range]:
        """Return the jumps of the best path, in order, and at last that to the end of the text."""
        state = int(self._cost.argmin())
        n_words = len(self._bounds) - 1
        found = [(int(np.searchsorted(self._bounds, state)), n_words)]
        jump, landing = int(self._last[state]), int(self._landing[state])
        while jump != _NO_JUMP:
            found.append((self._jumps.source[jump], landing))
            jump, landing = self._jumps.before[jump], self._jumps.landing[jump]
        return found[::-1]

    def _pass_over(self) -> None:
        """Let paths pass over phones that were not heard."""
        level = self._cost - self._places
        lowest = np.minimum.accumulate(level)
        source = np.maximum.accumulate(np.where(level <= lowest, self._indices, 0))
        self._cost = lowest + self._places
        self._last, self._landing = self._last[source], self._landing[source]

    def _jump(self) -> None:
        """Let paths go from the end of any word to the start of a later one."""
        between = self._cost[self._bounds]
        lowest = np.minimum.accumulate(between)
        words = np.arange(len(between), dtype=np.int32)
        source = np.maximum.accumulate(np.where(between <= lowest, words, 0))[:-1]
        landing = np.flatnonzero(lowest[:-1] + self._jump_cost < between[1:]) + 1
        if not len(landing):
            return
        sources, number = np.unique(source[landing - 1], return_inverse=True)
        states, origins = self._bounds[landing], self._bounds[sources]
        first = len(self._jumps.source)
        self._jumps.source += sources.tolist()
        self._jumps.before += self._last[origins].tolist()
        self._jumps.landing += self._landing[origins].tolist()
        self._cost[states] = lowest[landing - 1] + self._jump_cost
        self._last[states] = first + number
        self._landing[states] = landing
