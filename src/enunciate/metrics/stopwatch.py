"""What a stopwatch knows of a reading: how long it is, how much of it is speech, how many phones it has.

On Speechocean762 weaker speakers are slower, so these few numbers predict the human scores well without a
model that listens. They are the inputs of the baseline `stopwatch`, and what `partial_correlation` takes out
of the scores of every other system. They come from the levels of the clip and from the text alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from enunciate import audio
from enunciate.audio import SAMPLE_RATE_HZ, Samples
from enunciate.errors import EnunciateError
from enunciate.phones import Lexicon
from enunciate.reading.reference import Reference, read_reference
from enunciate.schema import Utterance

Array = npt.NDArray[np.float64]

LOUD_WITHIN_DB = 25.0
"""Frames within this of the loudest one are loud; chosen by cross-validation on the train split."""
FRAME_S = 0.01
_HOP = round(FRAME_S * SAMPLE_RATE_HZ)
_FLOOR = 1e-10

N_PREDICTORS = 7


def speech_span_s(samples: Samples) -> float:
    """Return the time from the first loud frame of a clip to the last one, in seconds.

    Args:
        samples: 16 kHz mono, shape (samples,).
    """
    n_frames = max(1, len(samples) // _HOP)
    frames = samples[: n_frames * _HOP].astype(np.float64).reshape(n_frames, -1)
    level_db = 10 * np.log10(np.mean(frames**2, axis=1) + _FLOOR)
    loud = np.flatnonzero(level_db >= level_db.max() - LOUD_WITHIN_DB)
    return float(loud[-1] + 1 - loud[0]) * FRAME_S


def times(samples: Samples) -> Array:
    """Return what can be told without the text, shape (4,).

    These are the duration and the span of speech in seconds, and the logarithms of both.
    """
    measured = np.array([len(samples) / SAMPLE_RATE_HZ, speech_span_s(samples)])
    return np.concatenate((measured, np.log(measured)))


def predictors(timed: Array, n_phones: int) -> Array:
    """Return all predictors, shape (7,): `times`, the number of phones, its logarithm, phones per second.

    Args:
        timed: What `times` returned.
        n_phones: The number of canonical phones, at least 1.
    """
    return np.concatenate((timed, [n_phones, np.log(n_phones), n_phones / timed[1]]))


def count_phones(reference: Reference) -> int:
    """Return the number of canonical phones of a text, each word in its usual pronunciation."""
    return sum(len(variants[0]) for variants in reference.variants)


def utterance_predictors(utterances: Sequence[Utterance]) -> Array:
    """Return the predictors of utterances, shape (N, 7).

    A row is NaN where the audio cannot be read or there is no text. Audio files are read once per process.
    """
    lexicon = Lexicon.default()
    rows = [_predictors_of(utterance, lexicon) for utterance in utterances]
    return np.stack(rows) if rows else np.empty((0, N_PREDICTORS))


def _predictors_of(utterance: Utterance, lexicon: Lexicon) -> Array:
    try:
        reference = read_reference(utterance, lexicon)
        n_phones = 0 if reference is None else count_phones(reference)
        if n_phones:
            source = utterance.audio
            timed = _times_of(source) if isinstance(source, Path) else times(audio.load(source).samples)
            return predictors(timed, n_phones)
    except EnunciateError:
        pass
    return np.full(N_PREDICTORS, np.nan)


@lru_cache(maxsize=1 << 14)
def _times_of(path: Path) -> Array:
    return times(audio.load(path).samples)
