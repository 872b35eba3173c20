import pytest
import torch

from enunciate.pocket.training.options import AugmentOptions
from enunciate.pocket.training.waveform_augment import disturb, stretch

OFF = AugmentOptions(room=0, band=0, noise=0, clip=0, warp=0, frequency_masks=0, time_masks=0)
WAVES = 0.2 * torch.randn(6, 8_000, generator=torch.Generator().manual_seed(1))
MEL = torch.rand(2, 80, 60, generator=torch.Generator().manual_seed(2))
FRAMES = torch.tensor([60, 40])
EVEN = torch.ones(2)


@pytest.mark.parametrize("options", [OFF, AugmentOptions(room=1, band=1, noise=1, clip=1)])
def test_disturbed_waveforms_keep_their_shape_and_are_finite(options):
    disturbed = disturb(WAVES, options)

    assert disturbed.shape == WAVES.shape
    assert disturbed.isfinite().all()


def test_without_any_disturbance_only_a_faint_noise_floor_is_added():
    torch.manual_seed(3)
    added = disturb(WAVES, OFF) - WAVES
    snr_db = 10 * (WAVES.square().mean(1) / added.square().mean(1)).log10()

    assert (snr_db > 40).all() and (snr_db < 75).all()


def test_noise_has_at_least_the_lowest_signal_to_noise_ratio():
    torch.manual_seed(4)
    options = OFF.model_copy(update={"noise": 1.0, "min_snr_db": 10.0})
    added = disturb(WAVES, options) - WAVES
    snr_db = 10 * (WAVES.square().mean(1) / added.square().mean(1)).log10()

    assert (snr_db > 9).all() and (snr_db < 36).all()


def test_clipping_lowers_the_peak():
    torch.manual_seed(5)
    clipped = disturb(WAVES, OFF.model_copy(update={"clip": 1.0}))

    assert (clipped.abs().amax(1) < 0.75 * WAVES.abs().amax(1)).all()


def test_the_same_seed_gives_the_same_disturbance():
    def seeded(seed):
        torch.manual_seed(seed)
        return disturb(WAVES, AugmentOptions()), stretch(MEL, EVEN, FRAMES, AugmentOptions())

    first, again, other = seeded(7), seeded(7), seeded(8)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(first, other, strict=True))


def test_an_even_tempo_leaves_the_features_and_blanks_what_follows_them():
    stretched = stretch(MEL, EVEN, FRAMES, None)

    torch.testing.assert_close(stretched[0], MEL[0], atol=1e-4, rtol=0)
    torch.testing.assert_close(stretched[1, :, :40], MEL[1, :, :40], atol=1e-4, rtol=0)
    assert (stretched[1, :, 40:] == 0).all()


def test_twice_the_tempo_takes_every_second_frame():
    stretched = stretch(MEL, torch.full((2,), 2.0), torch.tensor([30, 30]), None)

    assert stretched.shape == (2, 80, 30)
    torch.testing.assert_close(stretched, MEL[..., ::2], atol=1e-4, rtol=0)


def test_masks_hide_no_more_than_their_width():
    torch.manual_seed(9)
    options = OFF.model_copy(update={"frequency_masks": 1, "frequency_mask": 12})
    changed = (stretch(MEL, EVEN, torch.tensor([60, 60]), options) - MEL).abs() > 1e-3

    assert 0 < changed.any(dim=2).sum(1).max() <= 12
