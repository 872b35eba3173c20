"""Goodness of pronunciation in its classical form, from log-likelihoods of HMM states (Witt and Young 2000).

The form `loop` is taken over the frames that the forced alignment gives a phone:

    GOP = (log P(O | canonical phone) - log P(O | best loop of phones)) / frames

The forms `posterior` and `ratio` of the same frames are those of `gop.goodness`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enunciate.baselines.forest.prosody import rate_features
from enunciate.baselines.gop.goodness import Evidence, Goodness, posterior_forms
from enunciate.baselines.pocketsphinx.acoustics import N_STATES, HmmScores, States
from enunciate.conformer.fbank import SAMPLE_RATE_HZ, SUBSAMPLING
from enunciate.conformer.features import FLOOR, Outputs
from enunciate.conformer.forced_alignment import Alignment, AlignmentError, align
from enunciate.conformer.pitch import track
from enunciate.pocket.symbols import N_CLASSES, SILENCE

FRAMES_PER_S = 100
HMM_FORMS: tuple[Evidence, ...] = ("posterior", "ratio", "loop")
Array = npt.NDArray[np.float64]
Words = Sequence[Sequence[Sequence[int]]]
"""The pronunciation variants of each word, each a sequence of classes."""


@dataclass(frozen=True)
class HmmAlignment:
    """Aligned phones with their classical goodness."""

    alignment: Alignment
    """The alignment in frames of 30 ms, which are those of an encoder."""
    loop: Array
    """(U,) goodness of the form `loop`, at least `FLOOR`."""


def align_words(states: States, words: Words) -> HmmAlignment:
    """Align words and compare their phones with the loop of phones.

    Raises:
        AlignmentError: There are fewer than three frames per phone.
    """
    silence = states[:, SILENCE].max(axis=1, keepdims=True)
    columns = np.concatenate((silence, states[:, SILENCE + 1 :].reshape(len(states), -1)), axis=1)
    by_state = align(columns, [[_states_of(variant) for variant in word] for word in words])
    starts, ends = by_state.start[::N_STATES], by_state.end[N_STATES - 1 :: N_STATES]
    spans = zip(by_state.start.tolist(), by_state.end.tolist(), by_state.classes.tolist(), strict=True)
    canonical = np.array([columns[start:end, label].sum() for start, end, label in spans])
    best_loop = np.append(0.0, np.cumsum(loop_scores(states)))
    loop = canonical.reshape(-1, N_STATES).sum(axis=1) - (best_loop[ends] - best_loop[starts])
    classes = (by_state.classes[::N_STATES] - 1) // N_STATES + 1
    alignment = _in_encoder_frames(by_state, classes, starts, ends)
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
        n_frames: The number of frames of 30 ms.
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


def encoder_outputs(scores: HmmScores, samples: npt.NDArray[np.float32]) -> Outputs:
    """Convert state scores into class posteriors every 30 ms, in the form of an encoder's outputs.

    The encoder's stream of features has no counterpart and is empty.
    """
    n_frames = -(-round(len(samples) * FRAMES_PER_S / SAMPLE_RATE_HZ) // SUBSAMPLING)
    best = scores.states.max(axis=2)
    missing = max(0, n_frames * SUBSAMPLING - len(best))
    padded = np.pad(best, ((0, missing), (0, 0)), mode="edge")[: n_frames * SUBSAMPLING]
    mean = padded.reshape(n_frames, SUBSAMPLING, N_CLASSES).mean(axis=1)
    log_probs = mean - np.logaddexp.reduce(mean, axis=1, keepdims=True)
    return Outputs(log_probs, log_probs, np.zeros((n_frames, 0), np.float32), track(samples, n_frames))


def hmm_goodness(out: Outputs, aligned: HmmAlignment) -> Goodness:
    """Compute all forms of the goodness of aligned phones."""
    posterior, ratio = posterior_forms(out, aligned.alignment)
    forms = np.column_stack((posterior, ratio, aligned.loop))
    rates = np.array(rate_features(aligned.alignment))
    return Goodness(aligned.alignment.classes, forms, rates, HMM_FORMS)


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


def _states_of(classes: Sequence[int]) -> list[int]:
    """Return the columns of the states of phones; column 0 is silence."""
    return [N_STATES * (label - 1) + 1 + state for label in classes for state in range(N_STATES)]


def _in_encoder_frames(
    by_state: Alignment,
    classes: npt.NDArray[np.int64],
    starts: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
) -> Alignment:
    """Join each three frames into one; a phone has at least three frames, and so keeps at least one."""
    return Alignment(
        classes,
        by_state.word[::N_STATES],
        starts // SUBSAMPLING,
        ends // SUBSAMPLING,
        by_state.variants,
        by_state.score,
    )
