import numpy as np
import pytest
import torch

from enunciate.pocket.training.torch_features import LogMel, track


def glide(n_samples=16_000, low_hz=120.0, high_hz=240.0):
    """A buzz whose pitch rises steadily, with silence in its second half."""
    time = torch.arange(n_samples) / 16_000
    hz = torch.linspace(low_hz, high_hz, n_samples)
    phase = (2 * np.pi * hz / 16_000).cumsum(0)
    buzz = sum((k * phase).sin() / k for k in range(1, 8))
    return 0.3 * buzz * (time < 0.5)


def test_log_mel_of_a_clip_alone_is_that_of_a_padded_row():
    clips = 0.1 * torch.randn(2, 8_000)
    clips[1, 4_800:] = 0

    both = LogMel()(clips, torch.tensor([50, 30]))
    alone = LogMel()(clips[1:, :5_200], torch.tensor([30]))

    assert both.shape == (2, 80, 50)
    torch.testing.assert_close(both[1, :, :30], alone[0, :, :30])
    assert float(both[1, :, 30:].abs().max()) == 0


@pytest.mark.parametrize("gain", [0.1, 3.0])
def test_gain_changes_no_feature(gain):
    samples = glide()
    frames = torch.tensor([100])

    # The floor of 1e-10 is absolute, and digital silence lies on it at any gain.
    voiced = LogMel()(samples[None, :7_600], frames[:1] * 0 + 46)
    louder = LogMel()(gain * samples[None, :7_600], frames[:1] * 0 + 46)

    torch.testing.assert_close(louder, voiced, rtol=1e-4, atol=1e-4)
    for before, after in zip(track(samples), track(gain * samples), strict=True):
        torch.testing.assert_close(after, before, rtol=1e-3, atol=1e-3)


def test_log_mel_is_that_of_whisper_but_for_the_level():
    transformers = pytest.importorskip("transformers")
    samples = 0.1 * torch.randn(16_000, generator=torch.Generator().manual_seed(0))

    ours = LogMel()(samples[None], torch.tensor([100]))[0].numpy()
    extractor = transformers.WhisperFeatureExtractor()
    theirs = extractor(samples.numpy(), sampling_rate=16_000, return_tensors="np", padding=False)

    np.testing.assert_allclose(
        ours - ours.max(), theirs.input_features[0] - theirs.input_features[0].max(), atol=1e-3
    )


def test_track_follows_a_glide_in_semitones_and_is_unvoiced_in_silence():
    tracks = track(glide())

    assert [len(values) for values in tracks] == [100, 100, 100]
    voiced = tracks.voiced[5:45]
    assert float(voiced.mean()) == 1 and float(tracks.voiced[55:].max()) == 0
    rise = 12 * np.log2((120 + 120 * 0.4) / (120 + 120 * 0.1))
    assert float(tracks.tone[40] - tracks.tone[10]) == pytest.approx(rise, abs=0.3)
    assert float(tracks.level.max()) == 0 and float(tracks.level.min()) == pytest.approx(-60, abs=0.1)


def test_silence_is_tracked_without_pitch():
    tracks = track(torch.zeros(3_200))

    assert float(tracks.voiced.max()) == 0 and float(tracks.tone.abs().max()) == 0
