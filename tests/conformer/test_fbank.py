"""Features: known values and what must hold for any sound."""

import numpy as np
import pytest
import torch
from enunciate.conformer.training.augment import normalise_batch

from enunciate.conformer.fbank import (
    DYNAMIC_RANGE,
    N_MELS,
    SCALE,
    bin_of_hz,
    log_mel,
    mel_centres_hz,
    normalise,
)


def noise(n_samples, level=0.1, seed=0):
    return (level * np.random.default_rng(seed).standard_normal(n_samples)).astype(np.float32)


@pytest.mark.parametrize(("n_samples", "frames"), [(4_800, 30), (16_000, 100), (16_079, 100), (16_080, 101)])
def test_a_frame_each_10_ms(n_samples, frames):
    assert log_mel(noise(n_samples)).shape == (frames, N_MELS)


@pytest.mark.parametrize("hz", [150.0, 440.0, 1_000.0, 2_500.0, 5_000.0, 7_000.0])
def test_a_pure_tone_is_in_the_bin_of_its_frequency(hz):
    samples = (0.3 * np.sin(2 * np.pi * hz * np.arange(16_000) / 16_000)).astype(np.float32)

    loudest = log_mel(samples)[20:80].mean(axis=0).argmax()
    assert abs(loudest - bin_of_hz(np.array(hz))) <= 1.0


def test_bins_and_centres_are_inverse():
    centres = mel_centres_hz()

    np.testing.assert_allclose(bin_of_hz(centres), np.arange(N_MELS), atol=1e-9)
    assert 20 < centres[0] < centres[-1] < 7_600
    assert (np.diff(centres, n=2) > 0).all(), "wider apart the higher they are"


def test_nothing_lies_under_the_floor():
    samples = noise(16_000)
    samples[:8_000] = 0

    features = log_mel(samples)
    assert np.isfinite(features).all()
    assert features.min() == pytest.approx(features.max() - DYNAMIC_RANGE, abs=1e-4)
    assert (features[:40] == features.min()).all(), "digital silence is at the floor"


def test_gain_shifts_features_by_a_constant():
    quiet, loud = log_mel(noise(16_000, 0.01)), log_mel(noise(16_000, 0.1))

    np.testing.assert_allclose(loud - quiet, 2 * np.log(10.0), atol=1e-2)
    np.testing.assert_allclose(normalise(loud), normalise(quiet), atol=1e-2)


def test_normalised_bins_have_mean_zero_and_keep_their_spread():
    features = log_mel(noise(16_000) * np.linspace(0.1, 1, 16_000, dtype=np.float32))
    found = normalise(features)

    assert found.dtype == np.float32
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(found.std(axis=0), SCALE * features.std(axis=0), rtol=1e-4)


def test_training_normalises_as_running_does():
    clips = [log_mel(noise(n, seed=n)) for n in (9_600, 16_000)]
    padded = np.full((2, 100, N_MELS), -20.0, dtype=np.float32)
    for row, clip in zip(padded, clips, strict=True):
        row[: len(clip)] = clip

    found = normalise_batch(torch.from_numpy(padded), torch.tensor([60, 100])).numpy()
    for row, clip in zip(found, clips, strict=True):
        np.testing.assert_allclose(row[: len(clip)], normalise(clip), atol=1e-5)
    assert (found[0, 60:] == 0).all()
