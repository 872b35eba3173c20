"""A first clip for an engine, which so loads what it loads on first use before a learner waits for it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from enunciate.audio import SAMPLE_RATE_HZ
from enunciate.engines import Assessor
from enunciate.schema import Clip, Utterance

PITCH_HZ = 120.0
VOWEL_S = 0.25
FORMANTS_HZ = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240))
"""The formants of the vowels of "father", "see" and "too"."""
BANDWIDTHS_HZ = (80, 120, 160)
TOP_HZ = 4_000.0
TILT_HZ = 500.0
"""The harmonics become weaker above this frequency."""
LEVEL = 0.3


def warm_up(assessor: Assessor, batches: Sequence[int] = (1,)) -> None:
    """Assess a clip without a text in batches of this size, and ignore the outcome."""
    clip = Clip(samples=vowels(), sample_rate_hz=SAMPLE_RATE_HZ)
    for n_clips in batches:
        with contextlib.suppress(Exception):  # an engine may refuse a clip that nobody has spoken
            assessor.assess([Utterance(id="", audio=clip)] * n_clips)


def vowels() -> npt.NDArray[np.float32]:
    """Synthesise three vowels, shape (n,). Engines refuse a tone or noise before most of their work."""
    time_s = np.arange(round(VOWEL_S * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    harmonics_hz = np.arange(PITCH_HZ, TOP_HZ, PITCH_HZ)
    waves = np.sin(2 * np.pi * harmonics_hz[:, None] * time_s) * np.sqrt(np.hanning(len(time_s)))
    sounds = np.concatenate([_envelope(formants, harmonics_hz) @ waves for formants in FORMANTS_HZ])
    return (LEVEL * sounds / np.abs(sounds).max()).astype(np.float32)


def _envelope(
    formants_hz: tuple[float, float, float], harmonics_hz: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the amplitude of each harmonic of a vowel."""
    peaks = [
        1 / (1 + ((harmonics_hz - formant_hz) / width_hz) ** 2)
        for formant_hz, width_hz in zip(formants_hz, BANDWIDTHS_HZ, strict=True)
    ]
    return np.sum(peaks, axis=0) / (1 + harmonics_hz / TILT_HZ)
