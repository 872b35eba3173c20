"""Pitch and loudness, one value per encoder frame (30 ms).

Pitch is the best lag of the normalised autocorrelation (Boersma 1993, without its path search): enough for
the range, the movement and the voicing that scorers of prosody use, at a few milliseconds per clip.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enunciate.conformer.fbank import SAMPLE_RATE_HZ

FRAME_S = 0.03
WINDOW = 800
LOW_HZ, HIGH_HZ = 75.0, 500.0
VOICED_ABOVE = 0.45
BLOCK = 256

Track = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Prosody:
    """The pitch and loudness tracks of F frames."""

    log_f0: Track
    """(F,) natural log of the fundamental frequency in Hz; NaN where unvoiced."""
    level_db: Track
    """(F,) level relative to the loudest frame in dB, at least -60."""


def track(samples: npt.NDArray[np.float32], n_frames: int) -> Prosody:
    """Return pitch and loudness of 16 kHz samples, shape (n,), at the centres of encoder frames."""
    hop = round(FRAME_S * SAMPLE_RATE_HZ)
    padded = np.pad(samples, (WINDOW // 2, WINDOW // 2 + hop * n_frames))
    centres = hop // 2 + hop * np.arange(n_frames)
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[centres]
    power = (frames**2).mean(axis=1)
    relative = power / max(float(power.max()), 1e-12)
    # the floor is put under the decibels as well: a float32 logarithm of 1e-6 can come out below -6
    level = np.maximum(10 * np.log10(np.maximum(relative, 1e-6)), -60)
    blocks = range(0, n_frames, BLOCK)  # the spectra of a minute at once would dominate the memory
    pitch = [_log_f0(frames[first : first + BLOCK], level[first : first + BLOCK]) for first in blocks]
    return Prosody(np.concatenate(pitch), level.astype(np.float32))


def _log_f0(frames: npt.NDArray[np.float32], level_db: Track) -> Track:
    window = np.hanning(WINDOW).astype(np.float32)
    n_fft = 2048
    own = _autocorrelation(window, n_fft)
    correlation = _autocorrelation((frames - frames.mean(axis=1, keepdims=True)) * window, n_fft)
    correlation = correlation / np.maximum(correlation[:, :1], 1e-9) / (own / own[0])
    first, last = int(SAMPLE_RATE_HZ / HIGH_HZ), int(SAMPLE_RATE_HZ / LOW_HZ)
    lags = np.arange(first, last)
    # a small cost for long lags, as every multiple of the period correlates as well as the period itself
    best = (correlation[:, first:last] - 0.02 * np.log2(lags / first)).argmax(axis=1)
    strength = np.take_along_axis(correlation[:, first:last], best[:, None], axis=1)[:, 0]
    voiced = (strength > VOICED_ABOVE) & (level_db > -35)
    return np.where(voiced, np.log(SAMPLE_RATE_HZ / lags[best]), np.nan).astype(np.float32)


def _autocorrelation(frames: npt.NDArray[np.float32], n_fft: int) -> npt.NDArray[np.float32]:
    spectrum = np.fft.rfft(frames, n_fft)
    return np.fft.irfft(np.abs(spectrum) ** 2, n_fft)[..., : WINDOW // 2].astype(np.float32)
