"""Whisper's encoder for clips of any length: positions are cut to the clip, and padding is masked."""

from __future__ import annotations

from typing import Any, cast

from torch import Tensor
from torch.nn.functional import gelu

from enunciate.speech_lm.families.whisper.attention import attend, keys_values, run_layer


def encoder_states(encoder: Any, features: Tensor, visible: Tensor) -> Tensor:
    """Return the states after the last layer, before the final norm, (B, ceil(T / 2), D).

    Args:
        encoder: An encoder of transformers with Whisper's modules.
        features: (B, T, M) log-mel features.
        visible: (B, T), true on frames of the clips.
    """
    x = features.to(encoder.conv1.weight.dtype).transpose(1, 2) * visible[:, None]
    x = gelu(encoder.conv1(x)) * visible[:, None]
    x = gelu(encoder.conv2(x)).transpose(1, 2)
    positions = encoder.embed_positions.weight[: x.shape[1]]
    x = (x + positions).to(x.dtype)  # some classes keep the positions in float32
    keys = visible[:, None, None, ::2]
    for layer in encoder.layers:
        x = run_layer(encoder, _encoder_layer, layer, x, keys)
    return cast("Tensor", x)


def _encoder_layer(layer: Any, x: Tensor, visible: Tensor) -> Tensor:
    normal = layer.self_attn_layer_norm(x)
    x = x + attend(layer.self_attn, normal, keys_values(layer.self_attn, normal), visible)
    return x + layer.fc2(gelu(layer.fc1(layer.final_layer_norm(x))))
