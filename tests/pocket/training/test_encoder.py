"""The encoder: independence of padding, frame counts, and long clips in windows."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from enunciate.pocket.acoustic_model import MARGIN, WINDOW, AcousticModel, windows
from enunciate.pocket.fbank import SUBSAMPLING, log_mel, normalise
from enunciate.pocket.symbols import N_CLASSES
from enunciate.pocket.training.encoder import Encoder, encoded_length
from enunciate.pocket.training.export import export_encoder
from enunciate.pocket.training.options import EncoderConfig
from enunciate.pocket.training.recogniser import Recogniser, load_recogniser, save_recogniser

TINY = EncoderConfig(width=32, layers=2, heads=2, ff_width=48, kernel=7, quality_width=6)


@pytest.fixture(scope="module")
def encoder():
    torch.manual_seed(0)
    return Encoder(TINY).eval()


def features(*lengths):
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(length, 80, generator=generator) for length in lengths]


@torch.no_grad()
def test_a_clip_does_not_depend_on_its_batch(encoder):
    clips = features(97, 150, 40)
    batch = torch.nn.utils.rnn.pad_sequence(clips, batch_first=True)

    together = encoder(batch, torch.tensor([len(clip) for clip in clips]))
    for row, clip in enumerate(clips):
        alone = encoder(clip[None])
        frames = alone.ctc.shape[1]
        for name in ("ctc", "frame", "quality", "middle_ctc"):
            torch.testing.assert_close(
                getattr(together, name)[row, :frames], getattr(alone, name)[0], atol=1e-4, rtol=0
            )


@torch.no_grad()
@pytest.mark.parametrize("n_frames", [30, 31, 32, 33, 100, 101])
def test_a_frame_for_each_three_features(encoder, n_frames):
    out = encoder(features(n_frames)[0][None])

    frames = -(-n_frames // 3)
    assert out.ctc.shape == out.frame.shape == (1, frames, N_CLASSES)
    assert out.quality.shape == (1, frames, TINY.quality_width)
    assert encoded_length(torch.tensor([n_frames])).tolist() == [frames]
    torch.testing.assert_close(out.ctc.exp().sum(dim=2), torch.ones(1, frames))


def test_training_mode_is_noisy_and_evaluation_is_not(encoder):
    clip = features(60)[0][None]
    noisy = Encoder(TINY).train()

    assert not torch.equal(noisy(clip).ctc, noisy(clip).ctc)
    assert torch.equal(encoder(clip).ctc, encoder(clip).ctc)


def test_windows_keep_each_frame_once():
    for n_frames in range(1, 7_001):
        spans = windows(n_frames)
        kept = [(start, end) for _, start, end, _ in spans]
        assert kept[0][0] == 0 and kept[-1][1] == n_frames
        assert all(a[1] == b[0] for a, b in pairwise(kept)), n_frames
        for first, start, end, last in spans:
            assert 0 <= first <= start < end <= last <= n_frames
            assert last - first <= WINDOW
            assert first % SUBSAMPLING == start % SUBSAMPLING == 0
            assert start == 0 or start - first >= MARGIN
            assert end == n_frames or (last - end >= MARGIN and end % SUBSAMPLING == 0)


def test_windows_have_real_context():
    """The last window is not a sliver: what it keeps has frames to its left that were computed with it."""
    assert all(last - first > 2 * MARGIN for n in range(1_501, 7_001) for first, *_, last in windows(n))


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    torch.manual_seed(0)
    model = Recogniser(TINY).eval()
    path = tmp_path_factory.mktemp("encoder") / "encoder.onnx"
    export_encoder(model, path)
    return model, AcousticModel(path)


def vowels(duration_s):
    """Syllables of changing pitch: something with structure."""
    time_s = np.arange(round(duration_s * 16_000)) / 16_000
    phase = 2 * np.pi * np.cumsum(120 + 40 * np.sin(3 * time_s)) / 16_000
    voice = sum(np.sin(k * phase) / k for k in range(1, 12)) * (0.6 + 0.4 * np.sin(20 * time_s))
    noise = 0.01 * np.random.default_rng(0).standard_normal(len(time_s))
    return (0.1 * voice + noise).astype(np.float32)


@torch.no_grad()
@pytest.mark.parametrize("duration_s", [14.9, 15.2, 37.0])
def test_a_long_clip_in_windows_is_like_one_at_once(exported, duration_s):
    model, acoustic = exported
    samples = vowels(duration_s)
    whole = model.encoder(torch.from_numpy(normalise(log_mel(samples)))[None])

    out = acoustic(samples)
    assert out.ctc.shape == whole.ctc.shape[1:]
    assert out.frame.shape == (len(out.ctc), N_CLASSES)
    assert len(out.quality) == len(out.prosody.log_f0) == len(out.prosody.level_db) == len(out.ctc)
    # attention sees less in a window, so this is close and not equal; a shift by one frame is another thing
    expected = whole.quality[0].numpy()
    error = np.abs(out.quality - expected).mean(axis=1)
    shifted = np.abs(out.quality[1:] - expected[:-1]).mean(axis=1)
    assert np.median(error) < 0.2 * np.median(shifted)
    assert error.max() < np.median(shifted)


def test_a_saved_recogniser_is_the_same_within_half_precision(tmp_path):
    torch.manual_seed(0)
    model = Recogniser(TINY)
    save_recogniser(model, tmp_path)
    found = load_recogniser(tmp_path)

    assert not found.training
    assert found.encoder.config == TINY
    for name, tensor in model.state_dict().items():
        assert torch.equal(found.state_dict()[name], tensor.half().float()), name
