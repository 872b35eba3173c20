"""The encoder of Granite-speech with the padding of a batch masked.

The encoder of transformers knows no lengths: padding leaks into the end of a clip through the convolutions,
and into the last block of attention, so that how a clip is encoded depends on the clips that it is batched
with. For a single clip this computes what transformers computes, and in a batch the same. Batch normalisation
always uses its stored statistics, in training too, where those of a batch would count its padding.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor
from torch.nn.functional import pad, scaled_dot_product_attention
from transformers.models.granite_speech.modeling_granite_speech import GraniteSpeechCTCEncoder

from enunciate.speech_lm.families.whisper.attention import run_layer


class MaskedConformer(GraniteSpeechCTCEncoder):
    """The encoder; it also takes part in gradient checkpointing, which transformers' does not."""

    gradient_checkpointing = False

    def forward(self, features: Tensor, visible: Tensor, **_: Any) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Encode features (B, T, M), `visible` (B, T) on frames of the clips, to (B, T, D).

        States after the end of a clip are zeros, as if the clip were alone and padded then.
        """
        x = self.input_linear(features.to(self.input_linear.weight.dtype))
        for index, layer in enumerate(self.layers, start=1):
            x = run_layer(self, _block, layer, x, self.attention_dists, visible)
            if index == self.num_layers // 2:
                x = x + self.out_mid(self.out(x).softmax(-1))
        return x * visible[..., None].to(x.dtype)


def _block(layer: Any, x: Tensor, distances: Tensor, visible: Tensor) -> Tensor:
    x = x + 0.5 * layer.ff1(x)
    x = x + _attend(layer.attn, x, distances, visible)
    x = x + _convolve(layer.conv, x, visible)
    return cast("Tensor", layer.post_norm(x + 0.5 * layer.ff2(x)))


def _attend(attention: Any, x: Tensor, distances: Tensor, visible: Tensor) -> Tensor:
    """Attend within blocks of (B, T, D), with a bias that depends on the query and the distance."""
    frames = x.shape[1]
    size = min(attention.context_size, frames)
    missing = -frames % size

    def blocks(y: Tensor) -> Tensor:
        return y.reshape(-1, size, *y.shape[2:])

    def heads(y: Tensor) -> Tensor:
        return blocks(y).reshape(-1, size, attention.num_heads, attention.dim_head).transpose(1, 2)

    x = pad(attention.pre_norm(x), (0, 0, 0, missing))
    queries = heads(attention.to_q(x))
    keys, values = map(heads, attention.to_kv(x).chunk(2, dim=-1))
    near = attention.rel_pos_emb(distances[:size, :size])
    bias = torch.einsum("nhqd,qkd->nhqk", queries, near) * attention.scale
    seen = blocks(pad(visible, (0, missing)))[:, None, None]
    # Half of the lowest number: a block without a visible frame gets equal weights, and no infinity.
    bias = bias.masked_fill(~seen, torch.finfo(bias.dtype).min / 2)
    found = scaled_dot_product_attention(queries, keys, values, attn_mask=bias, scale=attention.scale)
    found = found.transpose(1, 2).reshape(len(x), frames + missing, -1)
    return cast("Tensor", attention.dropout(attention.to_out(found[:, :frames])))


def _convolve(module: Any, x: Tensor, visible: Tensor) -> Tensor:
    """Convolve (B, T, D) in time, with zeros beyond the ends of each clip."""
    y = module.glu(module.up_conv(module.norm(x).transpose(1, 2)))
    y = module.depth_conv(y * visible[:, None].to(y.dtype))
    y = module.down_conv(module.silu(_normalise(module.batch_norm, y)))
    return cast("Tensor", module.dropout(y.transpose(1, 2)))


def _normalise(norm: Any, y: Tensor) -> Tensor:
    """Normalise the channels of (B, C, T) by the stored statistics."""
    scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
    return (y * scale[:, None] + (norm.bias - norm.running_mean * scale)[:, None]).to(y.dtype)
