"""Augmentation of log-mel features, on the device that trains, a whole batch at a time.

Everything that is usually done to waveforms is done to energies, which keeps one feature code and costs
microseconds: tempo by resampling time, vocal-tract length by resampling the mel axis (children's tracts are
shorter), noise and babble by adding energies, rooms by an exponential tail on energies, microphones by a
smooth curve over frequency, then SpecAugment's masks (Park et al. 2019).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from enunciate.speech_lm.nano.base_recipe import AugmentConfig
from enunciate.speech_lm.nano.mel_scale import N_MELS, bin_of_hz, mel_centres_hz

_SILENCE_LOG_MEL = 0.0
"""The floor of the feature extractor."""


def mel_warp(scale: Tensor) -> Tensor:
    """Fractional source bin for each bin when frequencies are scaled by `scale` (B,) -> (B, 80)."""
    centres = torch.as_tensor(mel_centres_hz(), device=scale.device, dtype=torch.float32)
    grid_hz = np.linspace(20.0, 12_000.0, 512)
    grid = torch.as_tensor(bin_of_hz(grid_hz), device=scale.device, dtype=torch.float32)
    hz = centres[None] / scale[:, None]
    position = ((hz - 20.0) / (12_000.0 - 20.0) * 511).clamp(0, 510.999)
    low = position.long()
    return torch.lerp(grid[low], grid[low + 1], position - low).clamp(0, N_MELS - 1.001)


def warp_frequency(features: Tensor, scale: Tensor) -> Tensor:
    """Resample the mel axis of (B, T, 80) so that formants move by `scale` (B,)."""
    source = mel_warp(scale)
    low = source.long()
    weight = (source - low)[:, None, :].to(features.dtype)
    index = low[:, None, :].expand_as(features)
    return torch.lerp(features.gather(2, index), features.gather(2, index + 1), weight)


def add_noise(features: Tensor, lengths: Tensor, config: AugmentConfig) -> Tensor:
    """Add coloured noise or babble (another clip of the batch) at a random signal-to-noise ratio."""
    batch, frames, _ = features.shape
    device = features.device
    level = _speech_level(features, lengths)
    snr = torch.empty(batch, 1, 1, device=device).uniform_(config.min_snr_db, config.max_snr_db) * 0.2303
    colour = _smooth_curve(batch, device, 2.0)
    hiss = colour + 0.5 * torch.randn(batch, frames, N_MELS, device=device)
    order = torch.randperm(batch, device=device)
    babble = torch.logaddexp(features[order], features[order.roll(1)]) - level[order]
    noise = torch.where(torch.rand(batch, 1, 1, device=device) < 0.3, babble, hiss) + level - snr
    use = torch.rand(batch, 1, 1, device=device) < config.noise_probability
    return torch.where(use, torch.logaddexp(features, noise), features)


def add_room(features: Tensor, config: AugmentConfig) -> Tensor:
    """Give some clips a reverberant tail: energy at t leaks, decaying, into the next 0.3 s."""
    batch, frames, _ = features.shape
    device = features.device
    power = (features - features.amax(dim=(1, 2), keepdim=True)).exp()
    decay = torch.empty(batch, 1, 1, device=device).uniform_(2.0, 10.0)
    gain = torch.empty(batch, 1, 1, device=device).uniform_(0.02, 0.25)
    wet = power.clone()
    for delay in range(2, 30, 2):
        if delay < frames:
            wet[:, delay:] += gain * torch.exp(-delay / decay) * power[:, :-delay]
    tail = (wet / power.clamp_min(1e-12)).clamp_min(1.0).log()
    use = torch.rand(batch, 1, 1, device=device) < config.room_probability
    return torch.where(use, features + tail, features)


def mask_bands(features: Tensor, lengths: Tensor, config: AugmentConfig) -> Tensor:
    """SpecAugment: set some bands and some stretches of features (B, T, 80) without their mean to zero."""
    batch, frames, _ = features.shape
    device = features.device
    bins = torch.arange(N_MELS, device=device)
    times = torch.arange(frames, device=device)
    dropped = torch.zeros(batch, frames, N_MELS, dtype=torch.bool, device=device)
    for _ in range(config.frequency_masks):
        width = torch.rand(batch, 1, device=device) * config.frequency_mask_bins
        first = torch.rand(batch, 1, device=device) * (N_MELS - width)
        dropped |= ((bins >= first) & (bins < first + width))[:, None, :]
    for _ in range(config.time_masks):
        most = (lengths.float() * 0.08).clamp(max=config.time_mask_frames)
        width = torch.rand(batch, 1, device=device) * most[:, None]
        first = torch.rand(batch, 1, device=device) * (lengths[:, None] - width)
        dropped |= ((times >= first) & (times < first + width))[:, :, None]
    return features.masked_fill(dropped, 0.0)


@torch.no_grad()
def augment(
    features: Tensor, lengths: Tensor, synthetic: Tensor, config: AugmentConfig, mean: Tensor
) -> Tensor:
    """Augment a batch.

    Args:
        features: (B, T, 80) log-mel energies.
        lengths: (B,) real frames.
        synthetic: (B,) whether a clip is synthesised.
        config: The strength of each augmentation.
        mean: (80,) what masked bands and frames are set to.
    """
    batch, device = len(features), features.device
    spread = torch.empty(batch, device=device).uniform_(-1, 1)
    own = 1 + config.warp * spread
    other = 1 + config.warp_synthetic * (spread * 0.6 + 0.4)
    x = warp_frequency(features, torch.where(synthetic, other, own))
    x = x + _smooth_curve(batch, device, config.tilt)
    x = add_noise(add_room(x, config), lengths, config).clamp_min(_SILENCE_LOG_MEL)
    return without_padding(mask_bands(x - mean, lengths, config) + mean, lengths)


def without_padding(features: Tensor, lengths: Tensor) -> Tensor:
    """Set the features (B, T, 80) after the end of each clip to zero."""
    padding = torch.arange(features.shape[1], device=features.device)[None] >= lengths[:, None]
    return features.masked_fill(padding.unsqueeze(2), 0)


def _smooth_curve(batch: int, device: torch.device, size: float) -> Tensor:
    x = torch.linspace(0, 1, N_MELS, device=device)
    terms = torch.stack([torch.cos(torch.pi * k * x) / k for k in range(1, 5)])
    return size * (torch.randn(batch, 4, device=device) @ terms)[:, None, :]


def _speech_level(features: Tensor, lengths: Tensor) -> Tensor:
    loudness = features.logsumexp(dim=2)
    return (loudness.amax(dim=1) - 1.5).view(-1, 1, 1) - float(np.log(N_MELS))
