"""Rates, pauses, durations, rhythm, pitch and loudness of an aligned clip, not how its phones sound."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from enunciate.phones import is_vowel
from enunciate.pocket.acoustic_model import FRAME_S, Outputs
from enunciate.pocket.forced_alignment import Alignment
from enunciate.pocket.phone_timing import PAUSE_S
from enunciate.pocket.symbols import phone_of

Array = npt.NDArray[np.float64]
Floats = npt.NDArray[np.floating[Any]]
LONG_PAUSE_S = 0.5
RATES = (
    "log_phones_per_s",
    "log_articulation_phones_per_s",
    "log_words_per_s",
    "log_span_s",
    "pauses_per_word",
    "long_pauses_per_word",
    "pause_share",
    "mean_pause_s",
    "longest_pause_s",
)
DURATIONS = (
    "mean_log_duration",
    "sd_log_duration",
    "short_duration_s",
    "median_duration_s",
    "long_duration_s",
    "vowel_share",
    "mean_vowel_s",
    "vowel_npvi",
    "sd_consonants_s",
    "mean_word_s_per_phone",
    "sd_word_s_per_phone",
    "last_word_slowing",
    "lead_in_s",
    "lead_out_s",
)
MELODY = (
    "voiced_share",
    "pitch_sd",
    "pitch_range",
    "pitch_movement",
    "pitch_slope",
    "level_sd_db",
    "level_range_db",
    "level_movement_db",
    "level_slope_db",
)
NAMES = RATES + DURATIONS + MELODY


def prosody_features(out: Outputs, alignment: Alignment) -> Array:
    """Compute the features named in `NAMES`, (32,) in that order."""
    durations, melody = _durations(alignment, len(out.frame)), _melody(out, alignment)
    return np.array([*rate_features(alignment), *durations, *melody])


def rate_features(alignment: Alignment) -> list[float]:
    """Compute the features named in `RATES`. A gap between phones that is long enough counts as a pause."""
    n_phones, n_words = len(alignment.classes), int(alignment.word.max()) + 1
    span_s = float(alignment.end[-1] - alignment.start[0]) * FRAME_S
    # The phones of an omitted word share one frame, so that each begins before the one before it ends.
    gaps_s = np.maximum(alignment.start[1:] - alignment.end[:-1], 0) * FRAME_S
    pauses_s = gaps_s[gaps_s >= PAUSE_S]
    spoken_s = span_s - float(gaps_s.sum())
    return [
        float(np.log(n_phones / span_s)),
        float(np.log(n_phones / spoken_s)),
        float(np.log(n_words / span_s)),
        float(np.log(span_s)),
        len(pauses_s) / n_words,
        float((pauses_s >= LONG_PAUSE_S).sum()) / n_words,
        float(pauses_s.sum()) / span_s,
        _mean(pauses_s),
        float(pauses_s.max()) if len(pauses_s) else 0.0,
    ]


def _durations(alignment: Alignment, n_frames: int) -> list[float]:
    """Compute durations of phones and words, and measures of rhythm (Ramus 1999; Grabe and Low 2002)."""
    phone_s = (alignment.end - alignment.start) * FRAME_S
    vowel = np.array([is_vowel(phone_of(label)) for label in alignment.classes.tolist()])
    vowels_s, consonants_s = phone_s[vowel], phone_s[~vowel]
    per_phone = np.bincount(alignment.word, phone_s) / np.bincount(alignment.word)
    log_s = np.log(phone_s)
    return [
        float(log_s.mean()),
        float(log_s.std()),
        *np.quantile(phone_s, [0.1, 0.5, 0.9]).tolist(),
        float(vowels_s.sum() / phone_s.sum()),
        _mean(vowels_s),
        npvi(vowels_s),
        _sd(consonants_s),
        float(per_phone.mean()),
        float(per_phone.std()),
        float(np.log(per_phone[-1] / per_phone.mean())),
        float(alignment.start[0]) * FRAME_S,
        float(n_frames - alignment.end[-1]) * FRAME_S,
    ]


def npvi(durations_s: Floats) -> float:
    """Compute the normalised pairwise variability index, as a ratio; 0 for fewer than 2 durations."""
    if len(durations_s) < 2:
        return 0.0
    first, second = durations_s[:-1], durations_s[1:]
    return float(np.mean(np.abs(first - second) / ((first + second) / 2)))


def _melody(out: Outputs, alignment: Alignment) -> list[float]:
    """Describe pitch, in semitones, and loudness from the first phone to the last."""
    inside = slice(int(alignment.start[0]), int(alignment.end[-1]))
    pitch, level = out.tone[inside].astype(float), out.level[inside].astype(float)
    voiced = out.voiced[inside] > 0
    steps = np.diff(pitch)[voiced[1:] & voiced[:-1]]
    voiced_pitch = pitch[voiced]
    return [
        float(voiced.mean()),
        _sd(voiced_pitch),
        _range(voiced_pitch),
        _mean(np.abs(steps)),
        _slope(np.flatnonzero(voiced) / len(voiced), voiced_pitch),
        _sd(level),
        _range(level),
        _mean(np.abs(np.diff(level))),
        _slope(np.arange(len(level)) / len(level), level),
    ]


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else 0.0


def _sd(values: Floats) -> float:
    return float(values.std()) if len(values) else 0.0


def _range(values: Floats) -> float:
    """Return the distance from the 10th percentile to the 90th; 0 for no values."""
    return float(np.quantile(values, 0.9) - np.quantile(values, 0.1)) if len(values) else 0.0


def _slope(x: Floats, y: Floats) -> float:
    """Return the slope of the line of best fit; 0 for fewer than 2 points."""
    if len(x) < 2:
        return 0.0
    x = x - x.mean()
    return float((x * (y - y.mean())).sum() / (x * x).sum())
