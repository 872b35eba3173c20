"""Augmentation on log-mel features does what it says, and nothing else."""

import numpy as np
import pytest
import torch

from enunciate.speech_lm.nano.augment import (
    add_noise,
    add_room,
    augment,
    mask_bands,
    mel_warp,
    warp_frequency,
)
from enunciate.speech_lm.nano.base_recipe import AugmentConfig
from enunciate.speech_lm.nano.mel_scale import N_MELS, bin_of_hz, mel_centres_hz

OFF = AugmentConfig(
    tempo=0,
    warp=0,
    warp_synthetic=0,
    noise_probability=0,
    room_probability=0,
    tilt=0,
    frequency_masks=0,
    time_masks=0,
)


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def features(batch=3, frames=90):
    """Something like speech: smooth over bins, loud and quiet by turns."""
    time = torch.linspace(0, 20, frames)[None, :, None]
    bins = torch.linspace(0, 6, N_MELS)[None, None, :]
    phase = torch.arange(batch)[:, None, None]
    return 10 + 3 * torch.sin(time + phase) + 2 * torch.cos(bins + time)


LENGTHS = torch.tensor([90, 60, 33])


def test_warping_by_one_changes_nothing():
    source = mel_warp(torch.ones(2))

    np.testing.assert_allclose(source[:, :-1], np.tile(np.arange(N_MELS - 1), (2, 1)), atol=0.05)
    x = features(2)
    torch.testing.assert_close(warp_frequency(x, torch.ones(2))[..., :-2], x[..., :-2], atol=0.02, rtol=0)


@pytest.mark.parametrize("scale", [0.8, 0.9, 1.1, 1.25])
@pytest.mark.parametrize("hz", [800.0, 2_000.0, 4_000.0])
def test_warping_moves_a_peak(scale, hz):
    bins = torch.arange(N_MELS)
    peak = float(bin_of_hz(np.array(hz)))
    x = (-((bins - peak) ** 2) / 8).expand(1, 5, N_MELS).contiguous()

    found = warp_frequency(x, torch.tensor([scale]))[0, 0].argmax()
    assert abs(int(found) - float(bin_of_hz(np.array(hz * scale)))) <= 1.0


def test_each_clip_has_a_warp_of_its_own():
    x = features(1).repeat(2, 1, 1)
    found = warp_frequency(x, torch.tensor([1.0, 1.2]))

    assert not torch.allclose(found[0], found[1], atol=0.1)


def test_noise_never_takes_energy_away():
    x = features()
    noisy = add_noise(x, LENGTHS, AugmentConfig(noise_probability=1))

    assert (noisy >= x).all()
    assert (noisy > x + 0.01).any(dim=2).any(dim=1).all()
    torch.testing.assert_close(add_noise(x, LENGTHS, AugmentConfig(noise_probability=0)), x)


def test_noise_is_louder_at_a_lower_ratio():
    x = features()

    def change(snr_db):
        torch.manual_seed(1)
        config = AugmentConfig(noise_probability=1, min_snr_db=snr_db, max_snr_db=snr_db)
        return float((add_noise(x, LENGTHS, config) - x).mean())

    assert change(0.0) > change(10.0) > change(30.0)


def test_a_room_fills_what_comes_after_a_sound():
    x = torch.full((4, 60, N_MELS), 0.0)
    x[:, 10] = 12.0
    wet = add_room(x, AugmentConfig(room_probability=1))

    assert (wet[:, :11] - x[:, :11]).abs().max() < 1, "before the sound only the hum has an echo"
    assert (wet[:, 12] > 4).all()
    assert (wet[:, 12:41:2].mean(dim=2).diff(dim=1) <= 1e-4).all(), "the tail decays"
    torch.testing.assert_close(add_room(x, AugmentConfig(room_probability=0)), x)


def test_masks_zero_bands_and_stretches_only():
    x = features() + 100
    config = AugmentConfig(frequency_masks=2, time_masks=4)
    masked = mask_bands(x, LENGTHS, config)
    changed = masked != x

    assert masked.shape == x.shape
    assert (masked[changed] == 0).all()
    assert changed.any() and not changed.all()
    whole_bins, whole_frames = changed.all(dim=1, keepdim=True), changed.all(dim=2, keepdim=True)
    assert (changed <= (whole_bins | whole_frames)).all()
    assert whole_bins.sum(dim=2).max() <= 2 * (config.frequency_mask_bins + 1)
    assert (whole_frames.sum(dim=1).squeeze() <= 4 * (0.08 * LENGTHS + 1)).all()


MEAN = torch.full((N_MELS,), 9.0)


def test_with_everything_off_nothing_changes():
    x = features()
    found = augment(x, torch.full((3,), 90), torch.tensor([False, True, False]), OFF, MEAN)

    torch.testing.assert_close(found[..., :-2], x[..., :-2], atol=0.05, rtol=0)


def test_all_at_once_keeps_shape_padding_and_range():
    x = features()
    padding = torch.arange(90)[None] >= LENGTHS[:, None]
    x = x.masked_fill(padding[..., None], -20.0)
    found = augment(x, LENGTHS, torch.tensor([True, False, True]), AugmentConfig(), MEAN)

    assert found.shape == x.shape
    assert found.isfinite().all()
    assert (found[padding] == 0).all()
    assert found.min() >= 0


def test_bins_and_their_centres_are_inverse():
    centres = mel_centres_hz()

    np.testing.assert_allclose(bin_of_hz(centres), np.arange(N_MELS), atol=1e-9)
    assert 20 < centres[0] < centres[-1] < 7_600
    assert (np.diff(centres, n=2) > 0).all(), "wider apart the higher they are"
