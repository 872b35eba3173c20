"""Forced alignment: which frames of a clip belong to which canonical phone, and which to nothing of the text.

A Viterbi search over the frame head's log-probabilities. The words of the text follow each other, and the
pronunciation variants of a word lie in parallel (`variant_graph`). What people really do has its own place
in the graph:

- A *wrong sound*: the state of a phone also accepts any other phone, at a cost that grows with the
  articulatory distance. A substituted sound so keeps the frames in which it was said, and is not squeezed
  between its neighbours.
- A phone lasts at least two frames.
- *Silence* before, between and after words.
- *Speech beyond the text* before, between and after words: repetitions, hesitations, added words.
- An *omitted word*, which takes a single frame (`assembly.omissions` has its cost).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from enunciate.assembly.omissions import omission_cost
from enunciate.phones.articulation import distance_table
from enunciate.pocket.symbols import N_CLASSES, SILENCE
from enunciate.pocket.variant_graph import variant_graph
from enunciate.pocket.viterbi import START, NoPathError, PathSearch, StateGraph

LogProbs = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]

MIN_FRAMES = 2
OTHER_PHONE_COST = 1.5
DISTANCE_COST = 1.5
"""Another phone in a phone's place costs these per frame: the second at the largest distance."""
EXTRA_COST = 1.5
"""Cost per frame of speech beyond the text, whatever phones it has."""
EXTRA_ENTRY_COST = 8.0
EXTRA_MIN_FRAMES = 10
LOWEST_PROBABILITY = 1e-4
"""Added to every probability: a frame of silence or noise inside a word does not decide the path."""
SETTLED_MARGIN = 150.0
"""A path that is worse by this hardly becomes the best one any more. Two seconds of speech that is no part of
the text cost as much, or a third of a second of speech where there should be silence."""

_EXTRA, _ANY = N_CLASSES, N_CLASSES + 1
"""Columns of the emissions beyond the classes: any phone at `EXTRA_COST`, and anything at all for free."""


@dataclass(frozen=True)
class Alignment:
    """Aligned phones in order; U phones, frames as in the log-probabilities that were aligned."""

    classes: Indices
    """(U,) class of each phone."""
    word: Indices
    """(U,) index of the word that the phone belongs to."""
    start: Indices
    """(U,) first frame."""
    end: Indices
    """(U,) one past the last frame; all phones of an omitted word have the same single frame."""
    variants: tuple[int, ...]
    """For each word, the index of the pronunciation that fits best."""
    score: float
    """Mean score per frame of the best path."""
    omitted: tuple[int, ...] = ()
    """Indices of the words that were not said."""
    extra: tuple[tuple[int, int], ...] = ()
    """First and one past the last frame of each stretch of speech beyond the text."""
    unread: tuple[tuple[int, int], ...] = ()
    """First and one past the last word of each passage that was not read; its words have no phones here."""


class AlignmentError(ValueError):
    """There are fewer frames than the text needs; callers know the clip and tell the user."""


@dataclass
class _Units:
    """What each state of the graph stands for."""

    graph: StateGraph = field(default_factory=StateGraph)
    kind: list[int] = field(default_factory=list[int])
    """The class of a phone, `SILENCE`, `_EXTRA`, or `_ANY` for an omitted word."""
    word: list[int] = field(default_factory=list[int])
    unit: list[int] = field(default_factory=list[int])
    n_units: int = 0

    def add(
        self, kind: int, entries: Sequence[int], n_frames: int, *, word: int = -1, cost: float = 0.0,
        loop: bool = True,
    ) -> int:  # fmt: skip
        """Add a chain of states that lasts at least `n_frames`, and return its last state."""
        state, self.n_units = START, self.n_units + 1
        for index in range(n_frames):
            last = index == n_frames - 1
            before = entries if index == 0 else [state]
            state = self.graph.add(kind, before, loop=last and loop, entry_cost=cost if index == 0 else 0.0)
            self.kind.append(kind)
            self.word.append(word)
            self.unit.append(self.n_units)
        return state

    def between_words(self, entries: Sequence[int]) -> list[int]:
        """Optional silence, optional speech beyond the text, optional silence."""
        silence = self.add(SILENCE, entries, 1)
        extra = self.add(_EXTRA, [*entries, silence], EXTRA_MIN_FRAMES, cost=EXTRA_ENTRY_COST)
        return [*entries, silence, extra, self.add(SILENCE, [extra], 1)]

    def add_word(self, index: int, variants: Sequence[Sequence[int]], entries: Sequence[int]) -> list[int]:
        """All pronunciations of a word, and its omission."""
        exits: list[int] = []
        after: list[list[int]] = []  # for each node the states in which it can be left
        for node in variant_graph(variants):
            before = [state for k in node.before for state in (after[k] if k >= 0 else entries)]
            if node.label == SILENCE:
                after.append([*before, self.add(SILENCE, before, 1)])
            else:
                after.append([self.add(node.label, before, MIN_FRAMES, word=index)])
            exits += after[-1] if node.ends else []
        cost = omission_cost(min(map(count_phones, variants)))
        exits.append(self.add(_ANY, entries, 1, word=index, cost=cost, loop=False))
        return exits


class AlignmentSearch:
    """Aligns words to frames that come in pieces."""

    def __init__(self, words: Sequence[Sequence[Sequence[int]]], n_frames: int) -> None:
        """Prepare a search.

        Args:
            words: As for `align`.
            n_frames: How many frames will come.
        """
        self._words, self._n_frames, self._units = words, n_frames, _Units()
        exits = [START]
        for index, variants in enumerate(words):
            exits = self._units.add_word(index, variants, self._units.between_words(exits))
        self._finals = [state for state in self._units.between_words(exits) if state != START]
        self._search = PathSearch(self._units.graph, n_frames)

    def feed(self, log_probs: LogProbs) -> None:
        """Search the next frames, (T, 40) log-probabilities."""
        self._search.feed(_emissions(log_probs))

    def settled(self) -> Alignment | None:
        """Return the alignment of the first words, which what is still to come will hardly change.

        Returns:
            An alignment of the words that are over, with `variants` for all (0 for those to come); None where
            there is no such word.
        """
        path = self._search.agreed(SETTLED_MARGIN)
        word = np.asarray(self._units.word)[path]
        last = int(word.max(initial=-1))
        if last < 1:
            return None
        path = path[: int(np.argmax(word == last))]
        return _read(path, self._units, self._words, 0.0)

    def finish(self) -> Alignment:
        """Return the alignment of all words.

        Raises:
            AlignmentError: there are fewer frames than the text needs.
        """
        try:
            path, score = self._search.finish(self._finals)
        except NoPathError as error:
            raise AlignmentError(str(error)) from error
        return _read(path, self._units, self._words, score / self._n_frames)


def align(log_probs: LogProbs, words: Sequence[Sequence[Sequence[int]]]) -> Alignment:
    """Align words to frames.

    Args:
        log_probs: (T, 40) frame log-probabilities; class 0 is silence.
        words: For each word its pronunciation variants, each a sequence of classes with at least one phone.
            `SILENCE` between two phones of a variant is where a reader may pause, or not.

    Raises:
        AlignmentError: there are fewer frames than the text needs.
    """
    search = AlignmentSearch(words, len(log_probs))
    search.feed(log_probs)
    return search.finish()


def count_phones(variant: Sequence[int]) -> int:
    """Return how many phones a variant has, without the places for silence."""
    return len(_phones(variant))


def _phones(variant: Sequence[int]) -> list[int]:
    return [label for label in variant if label != SILENCE]


def align_heard(log_probs: LogProbs, heard: Sequence[int]) -> Alignment:
    """Align phones that were recognised rather than read: each is a word of its own."""
    return align(log_probs, [[[label]] for label in heard])


def _emissions(log_probs: LogProbs) -> npt.NDArray[np.float64]:
    """(T, 42): each class with all others accepted at their cost, then the two columns for any phone."""
    shares = np.exp(-(OTHER_PHONE_COST + DISTANCE_COST * distance_table()))
    np.fill_diagonal(shares, 1.0)
    probabilities = np.exp(log_probs.astype(np.float64))
    phones = probabilities[:, SILENCE + 1 :]
    accepted = np.einsum("tf,pf->tp", phones, shares)  # and no matrix product, as in `log_mel`
    columns = np.concatenate((probabilities[:, :1], accepted, phones.max(axis=1, keepdims=True)), axis=1)
    scores = np.log(columns + LOWEST_PROBABILITY)
    scores[:, -1] -= EXTRA_COST
    return np.concatenate((scores, np.zeros((len(scores), 1))), axis=1)


def _read(path: Indices, units: _Units, words: Sequence[Sequence[Sequence[int]]], score: float) -> Alignment:
    unit = np.asarray(units.unit)[path]
    boundaries = np.flatnonzero(np.diff(unit)) + 1
    starts = np.concatenate(([0], boundaries))
    ends = np.concatenate((boundaries, [len(path)]))
    rows: list[tuple[int, int, int, int]] = []
    said: list[list[int]] = [[] for _ in words]
    omitted, extra = list[int](), list[tuple[int, int]]()
    states: list[int] = path[starts].tolist()
    for state, start, end in zip(states, starts.tolist(), ends.tolist(), strict=True):
        kind, word = units.kind[state], units.word[state]
        if kind == _EXTRA:
            extra.append((start, end))
        elif kind == _ANY:
            omitted.append(word)
            rows += [(label, word, start, end) for label in words[word][0] if label != SILENCE]
        elif word >= 0:
            said[word].append(kind)
            rows.append((kind, word, start, end))
    classes, word, first, last = np.asarray(rows, dtype=np.int64).reshape(-1, 4).T
    variants = tuple(
        [_phones(labels) for labels in of_word].index(labels_said) if labels_said else 0
        for of_word, labels_said in zip(words, said, strict=True)
    )
    return Alignment(classes, word, first, last, variants, score, tuple(omitted), tuple(extra))
