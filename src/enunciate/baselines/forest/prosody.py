"""Rates, pauses, durations, rhythm, pitch and loudness of an aligned clip: no word on how phones sounded."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from enunciate.phones import is_vowel
from enunciate.pocket.features import PAUSE_S, Outputs
from enunciate.pocket.forced_alignment import Alignment
from enunciate.pocket.pitch import FRAME_S, Prosody
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
    "median_log_f0",
    "pitch_movement",
    "pitch_slope",
    "level_sd_db",
    "level_range_db",
    "level_movement_db",
    "level_slope_db",
)
NAMES = RATES + DURATIONS + MELODY


def prosody_features(out: Outputs, found: Alignment) -> Array:
    """The figures called `NAMES`, in that order; (33,)."""
    values = [*rate_features(found), *_durations(found, len(out.frame)), *_melody(out.prosody, found)]
    return np.array(values)


def rate_features(found: Alignment) -> list[float]:
    """The figures called `RATES`."""
    n_phones, n_words = len(found.classes), int(found.word.max()) + 1
    span_s = float(found.end[-1] - found.start[0]) * FRAME_S
    gaps_s = (found.start[1:] - found.end[:-1]) * FRAME_S
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


def _durations(found: Alignment, n_frames: int) -> list[float]:
    """Lengths of phones and words, and figures of rhythm (Ramus 1999; Grabe and Low 2002)."""
    phone_s = (found.end - found.start) * FRAME_S
    vowel = np.array([is_vowel(phone_of(label)) for label in found.classes.tolist()])
    vowels_s, consonants_s = phone_s[vowel], phone_s[~vowel]
    per_phone = np.bincount(found.word, phone_s) / np.bincount(found.word)
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
        float(found.start[0]) * FRAME_S,
        float(n_frames - found.end[-1]) * FRAME_S,
    ]


def npvi(durations_s: Floats) -> float:
    """Normalised pairwise variability: how much neighbours differ, against their mean; 0 for fewer than 2."""
    if len(durations_s) < 2:
        return 0.0
    first, second = durations_s[:-1], durations_s[1:]
    return float(np.mean(np.abs(first - second) / ((first + second) / 2)))


def _melody(prosody: Prosody, found: Alignment) -> list[float]:
    """Pitch and loudness between the first phone and the last."""
    inside = slice(int(found.start[0]), int(found.end[-1]))
    pitch, level = prosody.log_f0[inside].astype(float), prosody.level_db[inside].astype(float)
    voiced = np.isfinite(pitch)
    steps = np.diff(pitch)
    heard = pitch[voiced]
    return [
        float(voiced.mean()),
        _sd(heard),
        _range(heard),
        float(np.median(heard)) if len(heard) else 0.0,
        _mean(np.abs(steps[np.isfinite(steps)])),
        _slope(np.flatnonzero(voiced) / len(voiced), heard),
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
    """From the 10th percentile to the 90th."""
    return float(np.quantile(values, 0.9) - np.quantile(values, 0.1)) if len(values) else 0.0


def _slope(x: Floats, y: Floats) -> float:
    """Of the line through them; 0 where there is none."""
    if len(x) < 2:
        return 0.0
    x = x - x.mean()
    return float((x * (y - y.mean())).sum() / (x * x).sum())
