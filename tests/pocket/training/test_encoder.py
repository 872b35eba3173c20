from dataclasses import replace

import pytest
import torch
from torch import nn

from enunciate.pocket.training.conformer import Conformer
from enunciate.pocket.training.encoder import WhisperEncoder, convolve
from enunciate.pocket.training.encoder_config import EncoderConfig

TINY = EncoderConfig(width=16, layers=2, heads=2, hidden=32, positions=200, sound_width=6, melody_width=4)


@pytest.fixture(scope="module", params=["whisper", "conformer"])
def encoder(request):
    torch.manual_seed(0)
    if request.param == "conformer":
        return Conformer(replace(TINY, kind="conformer", kernel=7)).eval()
    encoder = WhisperEncoder(TINY).eval()
    nn.init.normal_(encoder.positions)
    return encoder


@pytest.mark.parametrize(("stride", "length"), [(1, 21), (2, 20), (2, 21)])
def test_convolution_as_a_product_equals_the_convolution(stride, length):
    conv = nn.Conv1d(5, 7, 3, stride=stride, padding=1)
    x = torch.randn(2, length, 5)

    torch.testing.assert_close(convolve(x, conv, stride), conv(x.transpose(1, 2)).transpose(1, 2))


@pytest.mark.parametrize("length", [60, 61])
def test_a_clip_alone_is_encoded_as_in_a_batch(encoder, length):
    mel = torch.randn(2, 80, 100)
    mel[0, :, length:] = 0

    with torch.no_grad():
        both = encoder(mel, torch.tensor([length, 100]))
        alone = encoder(mel[:1, :, :length])

    n_frames = (length + 1) // 2
    for name in both._fields:
        assert getattr(alone, name).shape[1] == n_frames
        torch.testing.assert_close(getattr(both, name)[:1, :n_frames], getattr(alone, name))


def test_outputs_have_their_shapes_and_posteriors_sum_to_one(encoder):
    with torch.no_grad():
        encoded = encoder(torch.randn(1, 80, 50)).log_probabilities()

    assert [tuple(values.shape) for values in encoded] == [(1, 25, 40), (1, 25, 40), (1, 25, 6), (1, 25, 4)]
    for posteriors in (encoded.ctc.exp(), encoded.frame.exp()):
        torch.testing.assert_close(posteriors.sum(2), torch.ones(1, 25))


def test_blocks_are_skipped_in_training_alone():
    torch.manual_seed(0)
    encoder = WhisperEncoder(TINY, dropout=0.0, layer_drop=1.0)
    mel = torch.randn(1, 80, 20)

    with torch.no_grad():
        skipped = encoder.train()(mel)
        for block in encoder.blocks:
            nn.init.normal_(block.down.weight)
        torch.testing.assert_close(encoder(mel).ctc, skipped.ctc)
        assert not torch.allclose(encoder.eval()(mel).ctc, skipped.ctc)
