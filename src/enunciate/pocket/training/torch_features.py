"""Features of waveforms on the training device: the same as `log_mel` and `pitch` compute with NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from enunciate.pocket.log_mel import DYNAMIC_RANGE, HOP, LOUDEST, N_MELS, WINDOW, mel_filters
from enunciate.pocket.pitch import (
    AUDIBLE_DB,
    FFT,
    FIRST_LAG,
    LAST_LAG,
    VOICED_ABOVE,
    WIDEST_SEMITONES,
)
from enunciate.pocket.pitch import WINDOW as PITCH_WINDOW

# torch leaves the types of its Fourier transforms open.
_rfft: Callable[[Tensor, int], Tensor] = torch.fft.rfft  # pyright: ignore[reportUnknownVariableType]
_irfft: Callable[[Tensor, int], Tensor] = torch.fft.irfft  # pyright: ignore[reportUnknownVariableType]


class LogMel(nn.Module):
    """Log-mel energies of a batch, the loudest band of each clip at a fixed value."""

    def __init__(self, n_mels: int = N_MELS) -> None:
        super().__init__()
        self.filters: Tensor
        self.window: Tensor
        self.register_buffer("filters", torch.from_numpy(mel_filters(n_mels)), persistent=False)
        self.register_buffer("window", torch.hann_window(WINDOW), persistent=False)

    def forward(self, samples: Tensor, frames: Tensor) -> Tensor:
        """Return energies (B, n_mels, n // 160), 0 behind a clip's end.

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
