"""Features of waveforms on the training device: the same as `log_mel` and `pitch` compute with NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

SAMPLE_RATE_HZ = 16_000
WINDOW, HOP, N_MELS = 400, 160, 80
DYNAMIC_RANGE = 8.0
"""Powers of ten that are kept below the loudest value."""
LOUDEST = 1.4
"""The value of the loudest band: that of speech at a usual level in Whisper's own features."""
PITCH_WINDOW, FFT = 800, 2048
FIRST_LAG, LAST_LAG = 32, 213
"""Lags of 500 and 75 Hz at 16 kHz."""
VOICED_ABOVE, AUDIBLE_DB = 0.5, -35.0
WIDEST_SEMITONES = 10.0
"""A value farther from the median is an error of the tracker."""

# torch leaves the types of its Fourier transforms open.
_rfft: Callable[[Tensor, int], Tensor] = torch.fft.rfft  # pyright: ignore[reportUnknownVariableType]
_irfft: Callable[[Tensor, int], Tensor] = torch.fft.irfft  # pyright: ignore[reportUnknownVariableType]


def mel_filters() -> npt.NDArray[np.float32]:
    """Return Slaney's triangles of equal area, shape (80, 201)."""
    hz = np.linspace(0, SAMPLE_RATE_HZ / 2, WINDOW // 2 + 1)
    top = _hz_to_mel(np.array(SAMPLE_RATE_HZ / 2))
    edges = _mel_to_hz(np.linspace(_hz_to_mel(np.array(0.0)), top, N_MELS + 2))
    rise = (hz[None] - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - hz[None]) / (edges[2:] - edges[1:-1])[:, None]
    area = 2.0 / (edges[2:] - edges[:-2])
    return (np.maximum(0.0, np.minimum(rise, fall)) * area[:, None]).astype(np.float32)


def _hz_to_mel(hz: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Slaney's scale: linear up to 1 kHz, logarithmic above."""
    return np.where(hz < 1000, hz * 3 / 200, 15 + np.log(np.maximum(hz, 1000) / 1000) / np.log(6.4) * 27)


def _mel_to_hz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))


class LogMel(nn.Module):
    """Log-mel energies of a batch, the loudest band of each clip at a fixed value."""

    def __init__(self) -> None:
        super().__init__()
        self.filters: Tensor
        self.window: Tensor
        self.register_buffer("filters", torch.from_numpy(mel_filters()), persistent=False)
        self.register_buffer("window", torch.hann_window(WINDOW), persistent=False)

    def forward(self, samples: Tensor, frames: Tensor) -> Tensor:
        """Return energies (B, 80, n // 160), 0 behind a clip's end.

        Args:
            samples: (B, n) at 16 kHz.
            frames: (B,) real steps of 10 ms in each row.
        """
        spectrum = torch.stft(
            samples, WINDOW, HOP, window=self.window, center=True, pad_mode="reflect", return_complex=True
        )
        energies = (self.filters @ spectrum[..., :-1].abs().square()).clamp_min(1e-10).log10()
        padded = (torch.arange(energies.shape[2], device=samples.device)[None] >= frames[:, None])[:, None]
        loudest = energies.masked_fill(padded, -10.0).amax(dim=(1, 2), keepdim=True)
        return ((energies - loudest).clamp_min(-DYNAMIC_RANGE) / 4 + LOUDEST).masked_fill(padded, 0.0)


class Tracks(NamedTuple):
    """Prosody of n steps of 10 ms."""

    tone: Tensor
    """(n,) semitones about the clip's median, 0 where unvoiced."""
    voiced: Tensor
    """(n,) 0 or 1."""
    level: Tensor
    """(n,) level in decibels relative to the loudest step, at least -60."""


def track(samples: Tensor) -> Tracks:
    """Track pitch, voicing and level of a clip, (n,) in [-1, 1] at 16 kHz, in n // 160 steps."""
    n_steps = len(samples) // HOP
    padded = nn.functional.pad(samples, (PITCH_WINDOW // 2 - HOP // 2, PITCH_WINDOW))
    steps = padded.unfold(0, PITCH_WINDOW, HOP)[:n_steps]
    power = steps.square().mean(1)
    level = 10 * (power / power.max().clamp_min(1e-12)).clamp_min(1e-6).log10()
    lag, strength = _best_lags(steps)
    tone = -12 * lag.log2()
    voiced = (strength > VOICED_ABOVE) & (level > AUDIBLE_DB)
    middle = tone[voiced].median() if bool(voiced.any()) else tone.new_zeros(())
    away = tone - middle
    voiced = voiced & (away.abs() < WIDEST_SEMITONES)
    return Tracks(torch.where(voiced, away, 0.0), voiced.float(), level)


def _best_lags(steps: Tensor) -> tuple[Tensor, Tensor]:
    """The best lag of each step (n, 800), refined by a parabola, and its normalised autocorrelation."""
    window = torch.hann_window(PITCH_WINDOW, periodic=False, device=steps.device)
    own = _autocorrelation(window[None])[0]
    correlation = _autocorrelation((steps - steps.mean(1, keepdim=True)) * window)
    correlation = correlation / correlation[:, :1].clamp_min(1e-9) / (own / own[0])
    lags = torch.arange(FIRST_LAG, LAST_LAG, device=steps.device)
    # Every multiple of the period correlates as well as the period itself, so long lags cost a little.
    favoured = correlation[:, FIRST_LAG:LAST_LAG] - 0.02 * (lags / FIRST_LAG).log2()
    best = favoured.argmax(1, keepdim=True) + FIRST_LAG
    left, peak, right = (correlation.gather(1, best + step)[:, 0] for step in (-1, 0, 1))
    shift = (0.5 * (left - right) / (left - 2 * peak + right).clamp(max=-1e-6)).clamp(-0.5, 0.5)
    return best[:, 0] + shift, peak


def _autocorrelation(steps: Tensor) -> Tensor:
    """Autocorrelation of (n, 800) up to one lag beyond the longest, (n, 215)."""
    spectrum = _rfft(steps, FFT)
    return _irfft(spectrum.abs().square(), FFT)[..., : LAST_LAG + 2]
