"""Pitch, voicing and level, one value per 10 ms.

Pitch is the best lag of the normalised autocorrelation (Boersma, 1993, without its path search), refined by a
parabola, in semitones about the median of the reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from enunciate.pocket.log_mel import HOP

WINDOW, FFT = 800, 1024
"""A transform of 1,024 holds the lags up to 224 of 800 samples, and longer ones do not fold into them."""
FIRST_LAG, LAST_LAG = 32, 213
"""Lags of 500 and 75 Hz at 16 kHz."""
VOICED_ABOVE = 0.5
AUDIBLE_DB = -35.0
"""Quieter frames, relative to the loudest one, are unvoiced."""
WIDEST_SEMITONES = 10.0
"""A value farther from the median is an error of the tracker."""
LOWEST_DB = -60.0
BLOCK = 64
"""Frames whose spectra are computed at a time, so that they stay in the processor's cache."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Prosody:
    """Tracks of n frames of 10 ms."""

    tone: Floats
    """(n,) semitones about the median of the reading; 0 where unvoiced."""
    voiced: Floats
    """(n,) 1 where voiced, else 0."""
    level: Floats
    """(n,) level in decibels relative to the loudest frame, at least -60."""


def track(samples: Floats) -> Prosody:
    """Track 16 kHz samples, shape (n,), in n // 160 frames."""
    n_frames = len(samples) // HOP
    padded = np.pad(samples.astype(np.float32), (WINDOW // 2 - HOP // 2, WINDOW))
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][:n_frames]
    power = np.einsum("ij,ij->i", frames, frames) / WINDOW
    relative = power / max(float(power.max(initial=0.0)), 1e-12)
    level = np.maximum(10 * np.log10(np.maximum(relative, 1e-6)), LOWEST_DB)
    lag, strength = np.ones(n_frames), np.zeros(n_frames)
    audible = np.flatnonzero(level > AUDIBLE_DB)
    for first in range(0, len(audible), BLOCK):
        rows = audible[first : first + BLOCK]
        lag[rows], strength[rows] = _best_lags(frames[rows])
    voiced = strength > VOICED_ABOVE
    tone = -12 * np.log2(lag)
    away = tone - (np.median(tone[voiced]) if voiced.any() else 0.0)
    voiced &= np.abs(away) < WIDEST_SEMITONES
    tracks = (np.where(voiced, away, 0.0), voiced, level)
    return Prosody(*(values.astype(np.float32) for values in tracks))


def _best_lags(frames: Floats) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The best lag of each frame, with fractions, and its normalised autocorrelation."""
    window, own = _window()
    correlation = _autocorrelation((frames - frames.mean(axis=1, keepdims=True)) * window)
    correlation = correlation / np.maximum(correlation[:, :1], 1e-9) / own
    lags = np.arange(FIRST_LAG, LAST_LAG)
    # Every multiple of the period correlates as well as the period itself, so long lags cost a little.
    favoured = correlation[:, FIRST_LAG:LAST_LAG] - 0.02 * np.log2(lags / FIRST_LAG)
    best = favoured.argmax(axis=1) + FIRST_LAG
    rows = np.arange(len(frames))
    left, peak, right = (correlation[rows, best + step].astype(np.float64) for step in (-1, 0, 1))
    shift = np.clip(0.5 * (left - right) / np.minimum(left - 2 * peak + right, -1e-6), -0.5, 0.5)
    return best + shift, peak


@cache
def _window() -> tuple[Floats, Floats]:
    """Hann's window, and its own normalised autocorrelation."""
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / (WINDOW - 1))).astype(np.float32)
    own = _autocorrelation(window[None])[0]
    return window, own / own[0]


def _autocorrelation(frames: Floats) -> Floats:
    spectrum = np.fft.rfft(frames, FFT)
    power = spectrum.real**2 + spectrum.imag**2
    return np.fft.irfft(power, FFT)[..., : LAST_LAG + 2].astype(np.float32)
