"""Log-mel energies as Whisper computes them (Radford et al., 2022), made independent of the level.

80 Slaney mel bands of a 25 ms Hann window every 10 ms. Whisper keeps the level of the recording in its
features; here the loudest band always has the same value, so that gain changes nothing.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from enunciate.audio import SAMPLE_RATE_HZ

WINDOW, HOP, N_MELS = 400, 160, 80
DYNAMIC_RANGE = 8.0
"""Powers of ten that are kept below the loudest value."""
LOUDEST = 1.4
"""The value of the loudest band: that of speech at a usual level in Whisper's own features."""

Floats = npt.NDArray[np.float32]


def log_mel(samples: Floats, n_mels: int = N_MELS) -> Floats:
    """Return the log-mel energies of 16 kHz samples, shape (n,), as (n_mels, n // 160)."""
    mode = "reflect" if len(samples) > WINDOW else "constant"
    padded = np.pad(samples.astype(np.float32), WINDOW // 2, mode=mode)
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][: len(samples) // HOP]
    spectrum = np.fft.rfft(frames * _window(), axis=1)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    # A matrix product (@) would start NumPy's threads, which wait for more work for longer than this takes.
    energies = np.log10(np.maximum(np.einsum("tf,mf->mt", power, mel_filters(n_mels)), 1e-10))
    loudest = energies.max() if energies.size else 0.0
    return (np.maximum(energies - loudest, -DYNAMIC_RANGE) / 4 + LOUDEST).astype(np.float32)


@cache
def mel_filters(n_mels: int = N_MELS) -> Floats:
    """Return Slaney's triangles of equal area, shape (n_mels, 201)."""
    hz = np.linspace(0, SAMPLE_RATE_HZ / 2, WINDOW // 2 + 1)
    top = _hz_to_mel(np.array(SAMPLE_RATE_HZ / 2))
    edges = _mel_to_hz(np.linspace(_hz_to_mel(np.array(0.0)), top, n_mels + 2))
    rise = (hz[None] - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - hz[None]) / (edges[2:] - edges[1:-1])[:, None]
    area = 2.0 / (edges[2:] - edges[:-2])
    return (np.maximum(0.0, np.minimum(rise, fall)) * area[:, None]).astype(np.float32)


def _window() -> Floats:
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)


def _hz_to_mel(hz: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Slaney's scale: linear up to 1 kHz, logarithmic above."""
    return np.where(hz < 1000, hz * 3 / 200, 15 + np.log(np.maximum(hz, 1000) / 1000) / np.log(6.4) * 27)


def _mel_to_hz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))
