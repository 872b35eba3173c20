"""Augmentation of whole batches on the training device: rooms, microphones, noise, levels, tempo and masks.

Waveforms are changed before their features are computed. Tempo, vocal-tract length and masks are applied to
the features, in one resampling.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from enunciate.pocket.training.options import AugmentOptions

# torch leaves the types of its Fourier transforms open.
_rfft: Callable[[Tensor, int], Tensor] = torch.fft.rfft  # pyright: ignore[reportUnknownVariableType]
_irfft: Callable[[Tensor, int], Tensor] = torch.fft.irfft  # pyright: ignore[reportUnknownVariableType]
SAMPLE_RATE_HZ = 16_000
_TAIL = 8_000
"""Samples of a room's reverberation."""
_DIRECT = 32
"""Samples after the direct sound that are free of reverberation."""
_CURVE_POINTS = 9
_CURVE_DB = 4.0
_BABBLE_SHARE = 0.25
_QUIETEST_AMPLITUDE = 1e-3
"""Samples above it count as sound when the level of a row is measured."""
_MASKED = 0.4
"""The value of masked features, which is about their mean."""


def disturb(waves: Tensor, options: AugmentOptions) -> Tensor:
    """Add rooms, microphone curves, noise and clipping to some rows, and a faint noise floor to all.

    Args:
        waves: Samples from -1 to 1, `(B, n)`, at 16 kHz.
        options: How often and how much.

    Returns:
        The changed samples `(B, n)`.
    """
    n_samples = waves.shape[1]
    size = 1 << (n_samples - 1 + _TAIL).bit_length()
    spectrum = _rfft(waves, size)
    hz = torch.linspace(0, SAMPLE_RATE_HZ / 2, spectrum.shape[1], device=waves.device)[None]
    spectrum = spectrum * _room(waves, size, options)
    spectrum = spectrum * _microphone(waves, hz, options)
    noise = _noise(waves, hz, size)
    audible = (waves.abs() > _QUIETEST_AMPLITUDE).sum(1, keepdim=True).clamp_min(1000)
    power = waves.square().sum(1, keepdim=True) / audible
    snr_db = _snr_db(waves, options)
    sound = _irfft(spectrum, size)[:, :n_samples]
    sound = sound + noise * (power.clamp_min(1e-7) * 10 ** (-snr_db / 10)).sqrt()
    return _clipped(sound, options)


def _uniform(like: Tensor, low: float, high: float) -> Tensor:
    """Draw `(B, 1)` numbers for the rows of a tensor."""
    return torch.empty(len(like), 1, device=like.device).uniform_(low, high)


def _chosen(like: Tensor, share: float) -> Tensor:
    """Return `(B, 1)` 1 for a random share of the rows and 0 for the others."""
    return (torch.rand(len(like), 1, device=like.device) < share).float()


def _room(waves: Tensor, size: int, options: AugmentOptions) -> Tensor:
    """Return the frequency responses of rooms: decaying noise after the direct sound."""
    chosen = _chosen(waves, options.room)
    decay_s = _uniform(waves, 0.03, 0.12)
    time_s = torch.arange(_TAIL, device=waves.device)[None] / SAMPLE_RATE_HZ
    tail = torch.randn(len(waves), _TAIL, device=waves.device) * (-time_s / decay_s).exp()
    tail = tail * _uniform(waves, 0.01, 0.06)
    tail[:, :_DIRECT] = 0
    return 1 + chosen * _rfft(tail, size)


def _microphone(waves: Tensor, hz: Tensor, options: AugmentOptions) -> Tensor:
    """Return gains of microphones: a smooth random curve between a lower and an upper cut-off."""
    chosen = _chosen(waves, options.band)
    top, bottom = _uniform(waves, 3_400, 8_500), _uniform(waves, 20, 300)
    points = torch.randn(len(waves), 1, _CURVE_POINTS, device=waves.device) * _CURVE_DB
    curve_db = functional.interpolate(points, size=hz.shape[1], mode="linear", align_corners=True)[:, 0]
    gain = 10 ** (curve_db / 20) * torch.sigmoid((top - hz) / 80) * torch.sigmoid((hz - bottom) / 25)
    return 1 - chosen + chosen * gain


def _noise(waves: Tensor, hz: Tensor, size: int) -> Tensor:
    """Return noise of unit power: coloured hiss in most rows, and the other rows' voices in some."""
    colour = _uniform(waves, 0.0, 1.1)
    hiss = _rfft(torch.randn_like(waves), size) * (hz + 30).pow(-colour)
    noise = _irfft(hiss, size)[:, : waves.shape[1]]
    voices = waves.roll(1, 0) + waves.roll(2, 0) + waves.roll(3, 0).flip(1)
    babble = _chosen(waves, _BABBLE_SHARE)
    return _unit_power(noise) * (1 - babble) + babble * _unit_power(voices)


def _unit_power(sound: Tensor) -> Tensor:
    return sound / sound.std(1, keepdim=True).clamp_min(1e-5)


def _snr_db(waves: Tensor, options: AugmentOptions) -> Tensor:
    noisy = _chosen(waves, options.noise)
    return noisy * _uniform(waves, options.min_snr_db, 35) + (1 - noisy) * _uniform(waves, 45, 70)


def _clipped(sound: Tensor, options: AugmentOptions) -> Tensor:
    peak = sound.abs().amax(1, keepdim=True).clamp_min(1e-4)
    limit = peak * (1 - _chosen(sound, options.clip) * _uniform(sound, 0.3, 0.8))
    return torch.minimum(torch.maximum(sound, -limit), limit)


def stretch(
    mel: Tensor,
    tempo: Tensor,
    frames: Tensor,
    options: AugmentOptions | None,
    length: int | None = None,
) -> Tensor:
    """Change tempo and vocal-tract length in one resampling of the features, and mask parts of them.

    Args:
        mel: Log-mel energies `(B, M, T)`.
        tempo: The speed of each row, `(B,)`; 2 is twice as fast.
        frames: The real frames of each row after the change, `(B,)`.
        options: How much; None changes the tempo alone.
        length: The greatest of `frames`, if it is known without asking the device.

    Returns:
        Log-mel energies `(B, M, T')`, 0 after the real frames, where `T'` is the greatest of `frames`.
    """
    rows, bands, n_frames = mel.shape
    length = int(frames.max()) if length is None else length
    place = torch.arange(length, device=mel.device)[None]
    time = (place * tempo[:, None]) * 2 / max(n_frames - 1, 1) - 1
    band = torch.arange(bands, device=mel.device, dtype=mel.dtype)[None].expand(rows, -1)
    if options is not None:
        factor = 1 + (torch.rand(rows, 1, device=mel.device) * 2 - 1) * options.warp
        band = (band * factor).clamp(0, bands - 1)
    across = (band * 2 / (bands - 1) - 1)[..., None].expand(-1, -1, length)
    grid = torch.stack((time[:, None].expand(-1, bands, -1), across), dim=3)
    out = functional.grid_sample(mel[:, None], grid, align_corners=True, padding_mode="border")[:, 0]
    if options is not None:
        out = _masked(out, options)
    return out.masked_fill((place >= frames[:, None])[:, None], 0.0)


def _masked(mel: Tensor, options: AugmentOptions) -> Tensor:
    """Hide random bands and stretches of time (SpecAugment, Park et al. 2019)."""
    rows, bands, length = mel.shape
    hidden = torch.zeros_like(mel, dtype=torch.bool)
    frequency = (options.frequency_masks, options.frequency_mask, bands, (1, -1, 1))
    time = (options.time_masks, options.time_mask, length, (1, 1, -1))
    for count, widest, size, shape in (frequency, time):
        for _ in range(count):
            width = torch.rand(rows, 1, 1, device=mel.device) * widest
            first = torch.rand(rows, 1, 1, device=mel.device) * (size - width)
            place = torch.arange(size, device=mel.device).view(shape)
            hidden = hidden | ((place >= first) & (place < first + width))
    return mel.masked_fill(hidden, _MASKED)
