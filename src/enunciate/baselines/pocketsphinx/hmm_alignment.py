"""Alignment of words with the states of phone HMMs, and with it the classical goodness of each phone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from enunciate.baselines.phone_posteriors import FLOOR
from enunciate.baselines.pocketsphinx.acoustics import N_STATES, HmmScores, States
from enunciate.pocket.forced_alignment import Alignment, AlignmentError
from enunciate.pocket.symbols import SILENCE
from enunciate.pocket.viterbi import START, NoPathError, StateGraph, best_path

FRAMES_PER_ENCODER_FRAME = 2
"""The frames of an HMM last 10 ms, those of an encoder 20 ms."""
Array = npt.NDArray[np.float64]
Words = Sequence[Sequence[Sequence[int]]]
"""The pronunciation variants of each word, each a sequence of classes."""


@dataclass(frozen=True)
class HmmAlignment:
    """Aligned phones with their classical goodness."""

    alignment: Alignment
    """The alignment in frames of 20 ms, which are those of an encoder."""
    loop: Array
    """(U,) goodness of the form `loop`, at least `FLOOR`."""


@dataclass
class _WordGraph:
    """The words in order, their pronunciations in parallel, silence before, between and after them."""

    graph: StateGraph = field(default_factory=StateGraph)
    labels: list[tuple[int, int, int]] = field(default_factory=list[tuple[int, int, int]])
    """The class, the word and the variant of each state; the word of silence is -1."""

    def add_silence(self, entries: Sequence[int]) -> list[int]:
        self.labels.append((SILENCE, -1, -1))
        return [*entries, self.graph.add(0, entries, loop=True)]

    def add_word(self, index: int, variants: Sequence[Sequence[int]], entries: Sequence[int]) -> list[int]:
        exits: list[int] = []
        for variant, classes in enumerate(variants):
            previous = list(entries)
            for label in classes:
                for state in range(N_STATES):
                    column = N_STATES * (label - 1) + 1 + state
                    previous = [self.graph.add(column, previous, loop=True)]
                    self.labels.append((label, index, variant))
            exits += previous
        return exits


def align_words(states: States, words: Words) -> HmmAlignment:
    """Align words and compare their phones with the loop of phones.

    Args:
        states: (F, 40, 3) log-likelihoods of the states of each class.
        words: The words, with phones that last three frames or more.

    Raises:
        AlignmentError: There are fewer than three frames per phone.
    """
    silence = states[:, SILENCE].max(axis=1, keepdims=True)
    columns = np.concatenate((silence, states[:, SILENCE + 1 :].reshape(len(states), -1)), axis=1)
    graph, exits = _WordGraph(), [START]
    for index, variants in enumerate(words):
        exits = graph.add_word(index, variants, graph.add_silence(exits))
    try:
        path, score = best_path(columns, graph.graph, graph.add_silence(exits))
    except NoPathError as error:
        raise AlignmentError(str(error)) from error
    first = np.flatnonzero(np.diff(path, prepend=-1))
    fit = np.add.reduceat(columns[np.arange(len(path)), np.array(graph.graph.columns)[path]], first)
    classes, word, variant = np.array(graph.labels)[path[first]].T
    spoken = word >= 0
    starts = first[spoken][::N_STATES]
    ends = np.append(first[1:], len(path))[spoken][N_STATES - 1 :: N_STATES]
    canonical = fit[spoken].reshape(-1, N_STATES).sum(axis=1)
    best_loop = np.append(0.0, np.cumsum(loop_scores(states)))
    loop = canonical - (best_loop[ends] - best_loop[starts])
    chosen = dict(zip(word.tolist(), variant.tolist(), strict=True))
    # A phone has three frames or more, so that at least one frame of the encoder is left to it.
    alignment = Alignment(
        classes[spoken][::N_STATES],
        word[spoken][::N_STATES],
        starts // FRAMES_PER_ENCODER_FRAME,
        ends // FRAMES_PER_ENCODER_FRAME,
        tuple(chosen[index] for index in range(len(words))),
        score / len(path),
    )
    return HmmAlignment(alignment, np.maximum(loop / (ends - starts), FLOOR))


def align_phones_heard(scores: HmmScores) -> HmmAlignment | None:
    """Align the phones heard; None where there are none, or too many for the frames."""
    if not scores.heard:
        return None
    try:
        return align_words(scores.states, [[[label]] for label in scores.heard])
    except AlignmentError:
        return None


def spread_evenly(n_frames: int, words: Words) -> HmmAlignment:
    """Give each phone an equal share of the clip and the lowest goodness, where no alignment exists.

    Args:
        n_frames: The number of frames of 20 ms.
        words: The words, of which the first variants are taken.
    """
    first = [word[0] for word in words]
    classes = np.array([label for word in first for label in word])
    owner = np.array([index for index, word in enumerate(first) for _ in word])
    edges = np.linspace(0, n_frames, len(classes) + 1)
    start = np.minimum(edges[:-1].astype(np.int64), n_frames - 1)
    end = np.maximum(edges[1:].astype(np.int64), start + 1)
    alignment = Alignment(classes, owner, start, end, (0,) * len(words), FLOOR)
    return HmmAlignment(alignment, np.full(len(classes), FLOOR))


def loop_scores(states: States) -> Array:
    """Return the log-likelihood of each frame, (F,), along the best path through any phones and silences.

    Any phone may follow any other at no cost; a path passes each phone from its first state to its last.
    """
    n_frames, n_classes, _ = states.shape
    scores = np.full((n_classes, N_STATES), -np.inf)
    scores[:, 0] = states[0, :, 0]
    previous = np.zeros((n_frames, n_classes, N_STATES), dtype=np.int16)
    for frame in range(1, n_frames):
        leaving = int(scores[:, -1].argmax())
        entering = np.column_stack((np.full(n_classes, scores[leaving, -1]), scores[:, :-1]))
        moves = entering > scores
        previous[frame] = np.where(moves, leaving + 1, 0)
        scores = np.where(moves, entering, scores) + states[frame]
    return _trace(states, previous, int(scores[:, -1].argmax()))


def _trace(states: States, previous: npt.NDArray[np.int16], last: int) -> Array:
    label, state = last, N_STATES - 1
    scores = np.empty(len(states))
    for frame in range(len(states) - 1, -1, -1):
        scores[frame] = states[frame, label, state]
        if previous[frame, label, state]:
            label, state = (label, state - 1) if state else (int(previous[frame, label, 0]) - 1, N_STATES - 1)
    return scores
