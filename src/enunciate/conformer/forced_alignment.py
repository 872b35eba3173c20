"""Forced alignment: which frames of a clip belong to which canonical phone.

A Viterbi search through the frame head's log-probabilities over a small graph: the words in order, every
pronunciation variant of a word in parallel, an optional silence before, between and after words. Each phone
takes at least one encoder frame (30 ms). The best path also tells which variant was read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from enunciate.pocket.symbols import SILENCE

LogProbs = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]
START = -1


@dataclass(frozen=True)
class Alignment:
    """U aligned phones in order; frames are those of the log-probabilities that were aligned."""

    classes: Indices
    """(U,) class of each phone."""
    word: Indices
    """(U,) index of the word that the phone belongs to."""
    start: Indices
    """(U,) first frame."""
    end: Indices
    """(U,) one past the last frame."""
    variants: tuple[int, ...]
    """For each word, the index of the best-fitting pronunciation."""
    score: float
    """The mean log-probability per frame along the best path."""


class AlignmentError(ValueError):
    """There are fewer frames than phones; the caller, who knows the clip, reports it to the user."""


@dataclass
class _Graph:
    classes: list[int] = field(default_factory=list[int])
    words: list[int] = field(default_factory=list[int])
    variants: list[int] = field(default_factory=list[int])
    predecessors: list[list[int]] = field(default_factory=list[list[int]])

    def add(self, label: int, word: int, variant: int, predecessors: list[int]) -> int:
        state = len(self.classes)
        self.classes.append(label)
        self.words.append(word)
        self.variants.append(variant)
        self.predecessors.append([state, *predecessors])
        return state

    def add_word(self, index: int, variants: Sequence[Sequence[int]], entries: list[int]) -> list[int]:
        exits: list[int] = []
        for variant, labels in enumerate(variants):
            previous = entries
            for label in labels:
                previous = [self.add(label, index, variant, previous)]
            exits.extend(previous)
        return exits


def align(log_probs: LogProbs, words: Sequence[Sequence[Sequence[int]]]) -> Alignment:
    """Align words with frames.

    Args:
        log_probs: (F, 40) frame log-probabilities; class 0 is silence.
        words: For each word its pronunciation variants, each a non-empty sequence of classes.

    Raises:
        AlignmentError: The shortest pronunciation has more phones than there are frames.
    """
    graph = _Graph()
    exits = [START]
    for index, variants in enumerate(words):
        silence = graph.add(SILENCE, -1, -1, exits)
        exits = graph.add_word(index, variants, [*exits, silence])
    exits = [*exits, graph.add(SILENCE, -1, -1, exits)]
    path, score = _viterbi(log_probs, graph, exits)
    return _alignment_of(path, graph, len(words), score / len(log_probs))


def align_heard(log_probs: LogProbs, heard: Sequence[int]) -> Alignment:
    """Align phones that were recognised, each as a word of its own, so that silence may follow any."""
    return align(log_probs, [[[label]] for label in heard])


def _viterbi(log_probs: LogProbs, graph: _Graph, finals: list[int]) -> tuple[Indices, float]:
    n_states, n_frames = len(graph.classes), len(log_probs)
    most = max(len(p) for p in graph.predecessors)
    dummy = n_states  # an unreachable state, which pads the predecessor lists and stands for START
    table = np.full((n_states, most), dummy)
    for state, predecessors in enumerate(graph.predecessors):
        table[state, : len(predecessors)] = [dummy if p == START else p for p in predecessors]
    emissions = log_probs[:, graph.classes].astype(np.float64)
    scores = np.full(n_states + 1, -np.inf)
    starts = [state for state, p in enumerate(graph.predecessors) if START in p]
    scores[starts] = emissions[0, starts]
    back = np.zeros((n_frames, n_states), dtype=np.int32)
    rows = np.arange(n_states)
    for frame in range(1, n_frames):
        candidates = scores[table]
        best = candidates.argmax(axis=1)
        back[frame] = table[rows, best]
        scores[:n_states] = candidates[rows, best] + emissions[frame]
    final = finals[int(np.argmax(scores[finals]))]
    if not np.isfinite(scores[final]):
        raise AlignmentError(f"{n_frames} frames cannot hold the phones of the text")
    path = np.empty(n_frames, dtype=np.int64)
    path[-1] = final
    for frame in range(n_frames - 1, 0, -1):
        path[frame - 1] = back[frame, path[frame]]
    return path, float(scores[final])


def _alignment_of(path: Indices, graph: _Graph, n_words: int, score: float) -> Alignment:
    boundaries = np.flatnonzero(np.diff(path)) + 1
    starts = np.concatenate(([0], boundaries))
    ends = np.concatenate((boundaries, [len(path)]))
    states = path[starts]
    word = np.asarray(graph.words)[states]
    spoken = word >= 0
    variants = [0] * n_words
    for state in states[spoken]:
        variants[graph.words[state]] = graph.variants[state]
    return Alignment(
        np.asarray(graph.classes)[states][spoken],
        word[spoken],
        starts[spoken],
        ends[spoken],
        tuple(variants),
        score,
    )
