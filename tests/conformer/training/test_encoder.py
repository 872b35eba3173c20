"""The encoder: independence of padding, frame counts, and its file."""

import pytest
import torch

from enunciate.conformer.training.encoder import Encoder, encoded_length
from enunciate.conformer.training.options import EncoderConfig
from enunciate.conformer.training.recogniser import Recogniser, load_recogniser, save_recogniser
from enunciate.pocket.symbols import N_CLASSES

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


def test_a_saved_recogniser_is_the_same_within_half_precision(tmp_path):
    torch.manual_seed(0)
    model = Recogniser(TINY)
    save_recogniser(model, tmp_path)
    found = load_recogniser(tmp_path)

    assert not found.training
    assert found.encoder.config == TINY
    for name, tensor in model.state_dict().items():
        assert torch.equal(found.state_dict()[name], tensor.half().float()), name
