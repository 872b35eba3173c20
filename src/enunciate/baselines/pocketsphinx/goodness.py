"""Goodness of pronunciation the classical way, from the log-likelihoods of HMM states (Witt and Young 2000).

    GOP = (log P(O | canonical phone) - log P(O | best loop of phones)) / frames

over the frames that the forced alignment gives the phone: `loop`. Beside it stand the phone's mean
log-posterior and its ratio to the best rival in the same frames, as `goodness` has them for an encoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enunciate.baselines.forest.prosody import rate_features
from enunciate.baselines.gop.goodness import Goodness
from enunciate.baselines.pocketsphinx.acoustics import N_STATES, HmmScores, States
from enunciate.pocket.fbank import SAMPLE_RATE_HZ, SUBSAMPLING
from enunciate.pocket.features import FLOOR, Outputs, mean_log_posteriors
from enunciate.pocket.forced_alignment import Alignment, AlignmentError, align
from enunciate.pocket.pitch import track
from enunciate.pocket.symbols import N_CLASSES, SILENCE

FRAMES_PER_S = 100
Array = npt.NDArray[np.float64]
Words = Sequence[Sequence[Sequence[int]]]
"""For each word its pronunciation variants, each a sequence of classes."""


@dataclass(frozen=True)
class HmmFit:
    """Phones in their place."""

    found: Alignment
    """In frames of 30 ms, as that of an encoder is."""
    loop: Array
    """(U,) classical goodness, at least `FLOOR`."""


def fit_words(states: States, words: Words) -> HmmFit:
    """Align words and score their phones against the loop.

    Raises:
        AlignmentError: there are fewer than three frames for each phone.
    """
    silence = states[:, SILENCE].max(axis=1, keepdims=True)
    columns = np.concatenate((silence, states[:, SILENCE + 1 :].reshape(len(states), -1)), axis=1)
    found = align(columns, [[_states_of(variant) for variant in word] for word in words])
    starts, ends = found.start[::N_STATES], found.end[N_STATES - 1 :: N_STATES]
    spans = zip(found.start.tolist(), found.end.tolist(), found.classes.tolist(), strict=True)
    own = np.array([columns[start:end, label].sum() for start, end, label in spans])
    free = np.append(0.0, np.cumsum(loop_scores(states)))
    loop = own.reshape(-1, N_STATES).sum(axis=1) - (free[ends] - free[starts])
    classes = (found.classes[::N_STATES] - 1) // N_STATES + 1
    whole = _in_encoder_frames(found, classes, starts, ends)
    return HmmFit(whole, np.maximum(loop / (ends - starts), FLOOR))


def fit_heard(scores: HmmScores) -> HmmFit | None:
    """The same for the phones heard; None where there are none, or too many for the frames."""
    if not scores.heard:
        return None
    try:
        return fit_words(scores.states, [[[label]] for label in scores.heard])
    except AlignmentError:
        return None


def spread(n_frames: int, words: Words) -> HmmFit:
    """The fallback where no alignment exists: phones share the clip evenly, each as bad as can be.

    Args:
        n_frames: Of 30 ms.
        words: Their first variants are taken.
    """
    first = [word[0] for word in words]
    classes = np.array([label for word in first for label in word])
    owner = np.array([index for index, word in enumerate(first) for _ in word])
    edges = np.linspace(0, n_frames, len(classes) + 1)
    start = np.minimum(edges[:-1].astype(np.int64), n_frames - 1)
    end = np.maximum(edges[1:].astype(np.int64), start + 1)
    found = Alignment(classes, owner, start, end, (0,) * len(words), FLOOR)
    return HmmFit(found, np.full(len(classes), FLOOR))


def outputs(scores: HmmScores, samples: npt.NDArray[np.float32]) -> Outputs:
    """The posteriors of the classes every 30 ms, in the form that an encoder has them; it has no stream."""
    n_frames = -(-round(len(samples) * FRAMES_PER_S / SAMPLE_RATE_HZ) // SUBSAMPLING)
    best = scores.states.max(axis=2)
    missing = max(0, n_frames * SUBSAMPLING - len(best))
    padded = np.pad(best, ((0, missing), (0, 0)), mode="edge")[: n_frames * SUBSAMPLING]
    mean = padded.reshape(n_frames, SUBSAMPLING, N_CLASSES).mean(axis=1)
    log_probs = mean - np.logaddexp.reduce(mean, axis=1, keepdims=True)
    return Outputs(log_probs, log_probs, np.zeros((n_frames, 0), np.float32), track(samples, n_frames))


def hmm_goodness(out: Outputs, fit: HmmFit) -> Goodness:
    """All forms of the goodness of phones in their place."""
    rows = np.arange(len(fit.found.classes))
    posterior = mean_log_posteriors(out, fit.found).astype(np.float64)
    own = posterior[rows, fit.found.classes]
    posterior[rows, fit.found.classes] = -np.inf
    posterior[:, SILENCE] = -np.inf
    forms = np.column_stack((own, own - posterior.max(axis=1), fit.loop))
    return Goodness(
        fit.found.classes, forms, np.array(rate_features(fit.found)), ("posterior", "ratio", "loop")
    )


def loop_scores(states: States) -> Array:
    """(F,): the log-likelihood of each frame along the best path through any phones and silences.

    A phone may follow any other at no cost; each is passed from its first state to its last.
    """
    n_frames, n_classes, _ = states.shape
    scores = np.full((n_classes, N_STATES), -np.inf)
    scores[:, 0] = states[0, :, 0]
    came = np.zeros((n_frames, n_classes, N_STATES), dtype=np.int16)
    for frame in range(1, n_frames):
        leaving = int(scores[:, -1].argmax())
        entering = np.column_stack((np.full(n_classes, scores[leaving, -1]), scores[:, :-1]))
        moves = entering > scores
        came[frame] = np.where(moves, leaving + 1, 0)
        scores = np.where(moves, entering, scores) + states[frame]
    return _trace(states, came, int(scores[:, -1].argmax()))


def _trace(states: States, came: npt.NDArray[np.int16], last: int) -> Array:
    label, state = last, N_STATES - 1
    found = np.empty(len(states))
    for frame in range(len(states) - 1, -1, -1):
        found[frame] = states[frame, label, state]
        if came[frame, label, state]:
            label, state = (label, state - 1) if state else (int(came[frame, label, 0]) - 1, N_STATES - 1)
    return found


def _states_of(classes: Sequence[int]) -> list[int]:
    """The columns of the states of phones; column 0 is silence."""
    return [N_STATES * (label - 1) + 1 + state for label in classes for state in range(N_STATES)]


def _in_encoder_frames(
    found: Alignment,
    classes: npt.NDArray[np.int64],
    starts: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
) -> Alignment:
    """Three frames in one: as a phone has three at least, each keeps one at least."""
    return Alignment(
        classes,
        found.word[::N_STATES],
        starts // SUBSAMPLING,
        ends // SUBSAMPLING,
        found.variants,
        found.score,
    )
