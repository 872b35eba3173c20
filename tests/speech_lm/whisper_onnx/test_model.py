"""Whisper under ONNX Runtime computes what transformers' Whisper computes, up to the rounding of int8."""

import numpy as np
import pytest
import torch
from support.tiny_whisper_lm import VOCABULARY, tiny_whisper
from torch.nn.functional import gelu

from enunciate.speech_lm.whisper_onnx.dimensions import WHISPER_BASE, dimensions_of
from enunciate.speech_lm.whisper_onnx.graph_files import graph
from enunciate.speech_lm.whisper_onnx.graphs import GRAPHS
from enunciate.speech_lm.whisper_onnx.initialisers import quantise
from enunciate.speech_lm.whisper_onnx.model import OnnxDecoder, OnnxEncoder, OutputLayer, TokenSequences

CLOSE = 0.15
"""What int8 may change in numbers whose standard deviation is about 1."""


@pytest.fixture(scope="module")
def whisper():
    return tiny_whisper()


@pytest.fixture(scope="module")
def weights(whisper):
    return {name: value.numpy() for name, value in whisper.state_dict().items()}


@pytest.fixture(scope="module")
def decoder(weights):
    dims = dimensions_of(weights, heads=2)
    return OnnxDecoder(weights, dims, OutputLayer(weights, dims, 1), 1)


def mel(frames, seed=0):
    return np.random.default_rng(seed).standard_normal((80, frames)).astype(np.float32)


@torch.no_grad()
def states_in_torch(whisper, features):
    """The encoder of transformers without padding to 30 s."""
    encoder = whisper.model.encoder
    x = gelu(encoder.conv2(gelu(encoder.conv1(torch.from_numpy(features)[None])))).transpose(1, 2)
    x = x + encoder.embed_positions.weight[: x.shape[1]]
    for layer in encoder.layers:
        x = layer(x, None)
    return encoder.layer_norm(x)


@torch.no_grad()
def logits_in_torch(whisper, states, tokens):
    """The logits after a whole sequence, (V,)."""
    output = whisper(encoder_outputs=(states,), decoder_input_ids=torch.tensor([tokens]))
    return output.logits[0, -1].numpy()


@pytest.mark.parametrize("frames", [40, 301])
def test_encoder_takes_clips_of_any_length(whisper, weights, frames):
    states = OnnxEncoder(weights, dimensions_of(weights, heads=2), 1)(mel(frames))

    expected = states_in_torch(whisper, mel(frames)).numpy()
    assert states.shape == (1, -(-frames // 2), 32)
    np.testing.assert_allclose(states, expected, atol=CLOSE)


def test_sequences_of_unequal_length_go_on_as_they_would_alone(whisper, decoder):
    states = states_in_torch(whisper, mel(120))
    sequences = TokenSequences(decoder, decoder.hear(states.numpy()), 2)

    sequences.feed([[5, 9], [8, 7, 6, 30]])
    sequences.select([0, 1, 0])
    sequences.feed([[11], [31], [100, 101]])

    for row, tokens in enumerate([[5, 9, 11], [8, 7, 6, 30, 31], [5, 9, 100, 101]]):
        expected = logits_in_torch(whisper, states, tokens)
        np.testing.assert_allclose(sequences.logits()[row], expected, atol=CLOSE)
        exact = sequences.logit_values(range(VOCABULARY))[row]
        np.testing.assert_allclose(exact, expected, atol=CLOSE)


def test_truncated_sequences_go_on_as_if_the_rest_had_not_been(whisper, decoder):
    states = states_in_torch(whisper, mel(120))
    sequences = TokenSequences(decoder, decoder.hear(states.numpy()))
    room = sequences.room

    sequences.feed([[5, 9, 77, 78]])
    sequences.truncate(2)
    sequences.feed([[11, 12]])

    expected = logits_in_torch(whisper, states, [5, 9, 11, 12])
    np.testing.assert_allclose(sequences.logits()[0], expected, atol=CLOSE)
    before = logits_in_torch(whisper, states, [5, 9, 11])
    np.testing.assert_allclose(sequences.logit_values([3, 4], before_last=1)[0], before[[3, 4]], atol=CLOSE)
    assert room - sequences.room == 4


def test_int8_rounds_each_output_by_its_own_scale():
    matrix = np.array([[0.1, -0.05, 0.02], [100.0, 3.0, -40.0]], np.float32)

    integers, scale = quantise(matrix)

    assert integers.shape == (3, 2) and integers.dtype == np.int8
    np.testing.assert_allclose(integers.T * scale[:, None], matrix, atol=0.5 * scale.max())
    assert abs(float(integers[0, 0])) == 127 and abs(float(integers[0, 1])) == 127


@pytest.mark.parametrize("name", GRAPHS)
def test_graphs_that_ship_are_those_that_the_code_builds(name):
    assert graph(name, WHISPER_BASE) == GRAPHS[name](WHISPER_BASE)
