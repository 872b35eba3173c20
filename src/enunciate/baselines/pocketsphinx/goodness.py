"""Goodness of pronunciation in its classical form, from log-likelihoods of HMM states (Witt and Young 2000).

The form `loop` is taken over the frames that the forced alignment gives a phone:

    GOP = (log P(O | canonical phone) - log P(O | best loop of phones)) / frames

The forms `posterior` and `ratio` of the same frames are those of `gop.goodness`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from enunciate.assembly.omissions import omitted_by_fit
from enunciate.baselines.forest.prosody import rate_features
from enunciate.baselines.gop.goodness import Evidence, Goodness, posterior_forms
from enunciate.baselines.phone_posteriors import mean_log_posteriors
from enunciate.baselines.pocketsphinx.acoustics import HmmScores
from enunciate.baselines.pocketsphinx.hmm_alignment import FRAMES_PER_ENCODER_FRAME, HmmAlignment
from enunciate.pocket.acoustic_model import FRAME_S, FRAME_SAMPLES, Outputs, prosody_tracks
from enunciate.pocket.forced_alignment import Alignment
from enunciate.pocket.symbols import N_CLASSES

HMM_FORMS: tuple[Evidence, ...] = ("posterior", "ratio", "loop")


def encoder_outputs(scores: HmmScores, samples: npt.NDArray[np.float32]) -> Outputs:
    """Convert state scores into class posteriors every 20 ms, in the form of an encoder's outputs.

    The streams of an encoder have no counterpart and are empty.
    """
    n_frames = max(1, len(samples) // FRAME_SAMPLES)
    best = scores.states.max(axis=2)
    missing = max(0, n_frames * FRAMES_PER_ENCODER_FRAME - len(best))
    padded = np.pad(best, ((0, missing), (0, 0)), mode="edge")[: n_frames * FRAMES_PER_ENCODER_FRAME]
    mean = padded.reshape(n_frames, FRAMES_PER_ENCODER_FRAME, N_CLASSES).mean(axis=1)
    log_probs = mean - np.logaddexp.reduce(mean, axis=1, keepdims=True)
    no_stream = np.zeros((n_frames, 0), np.float32)
    return Outputs(log_probs, log_probs, no_stream, no_stream, *prosody_tracks(samples, n_frames))


def with_omissions(out: Outputs, alignment: Alignment) -> Alignment:
    """Mark the words whose phones fit badly in a short place as omitted."""
    rows = np.arange(len(alignment.classes))
    fit = mean_log_posteriors(out.frame, alignment)[rows, alignment.classes]
    count = np.bincount(alignment.word)
    mean_fit = np.bincount(alignment.word, fit) / count
    mean_s = np.bincount(alignment.word, alignment.end - alignment.start) / count * FRAME_S
    omitted = np.flatnonzero(omitted_by_fit(mean_fit, mean_s))
    return replace(alignment, omitted=tuple(omitted.tolist()))


def hmm_goodness(out: Outputs, aligned: HmmAlignment) -> Goodness:
    """Compute all forms of the goodness of aligned phones."""
    posterior, ratio = posterior_forms(out.frame, aligned.alignment)
    forms = np.column_stack((posterior, ratio, aligned.loop))
    rates = np.array(rate_features(aligned.alignment))
    return Goodness(aligned.alignment.classes, forms, rates, HMM_FORMS)
