"""The audio encoder of Phi-4-multimodal with the padding of a batch masked.

The encoder of transformers adds its boolean padding mask to the relative position bias, so that it masks
nothing, and lets padding leak into the last frames of a clip through the subsampling convolutions: how a clip
is encoded depends on the clips that it is batched with. The classes here replace theirs on a loaded model
(`mask_audio`), with the same weights. For a single clip they compute what transformers computes, and in a
batch they compute the same. The convolutions of the conformer layers are causal, so nothing leaks there. The
layers also take part in gradient checkpointing, which theirs do not.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import pad
from transformers.modeling_layers import GradientCheckpointingLayer
from transformers.models.phi4_multimodal import modeling_phi4_multimodal as native

from enunciate.errors import AudioTooShortError

CHUNK_TOKENS = 500
"""Clips over 40 s are encoded in chunks of this length, as in transformers."""


class Phi4MultimodalAudioConformerEncoderLayer(
    GradientCheckpointingLayer, native.Phi4MultimodalAudioConformerEncoderLayer
):
    """The same layer with gradient checkpointing; it keeps its name, which FSDP policies refer to."""


class MaskedAudioModel(native.Phi4MultimodalAudioModel):
    """The encoder with padding masked in the convolutions and in attention."""

    def forward(self, hidden_states: Tensor, mask: Tensor | None = None, **_: Any) -> Tensor:
        """Encode a batch.

        Args:
            hidden_states: (B, T, 80) log-mel features, padded at the end.
            mask: (B, T), true on frames of the clip; by default on all.

        Returns:
            (B, ceil(T / 8), hidden size); values after a clip's own ceil(t / 8) tokens are undefined.

        Raises:
            AudioTooShortError: The batch has no frame.
        """
        batch, frames, _bands = hidden_states.shape
        if frames == 0:
            raise AudioTooShortError("a clip of under 25 ms has no frame of features: leave it out")
        lengths = (
            torch.full((batch,), frames, device=hidden_states.device)
            if mask is None
            else mask.to(hidden_states.device).sum(1)
        )
        x, lengths = self._subsample(self.encoder_embedding(hidden_states), lengths)
        visible = _within(lengths, x.shape[1])
        tokens = x.shape[1]
        if tokens > CHUNK_TOKENS:
            x, visible = _fold(x), _fold(visible.unsqueeze(-1)).squeeze(-1)
        bias = self._bias(x, visible)
        for layer in self.encoders:
            x = layer(x, bias)
        return x.reshape(batch, -1, x.shape[-1])[:, :tokens]

    def _subsample(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Subsample (B, T, F) to (B, ceil(T / 8), D), zeroing the padding before each strided convolution."""
        x = x.unsqueeze(1)
        for module in cast("list[nn.Module]", self.embed.conv):
            if isinstance(module, nn.Conv2d) and module.stride[0] > 1:
                x = x.masked_fill(~_within(lengths, x.shape[2])[:, None, :, None], 0)
                lengths = (lengths + 1) // 2
            x = module(x)
        x = x.transpose(1, 2).flatten(2)
        return self.embed.out(x), lengths

    def _bias(self, x: Tensor, visible: Tensor) -> Tensor:
        """Return the attention bias (B, heads, T, T): relative positions, with padding masked."""
        bias: Tensor = self.relative_attention_bias_layer(x)
        seen = visible[:, None, None, :]
        if self.config.chunk_size > 0:
            tokens = x.shape[1]
            window = self.config.chunk_size, self.config.left_chunk
            streaming: Tensor = self._streaming_mask(tokens, 1, *window)
            seen = seen & streaming.to(x.device)[:, None]
        # Half of the lowest number: no kernel's scaling turns it into an infinity, and its exponential is 0.
        return bias.masked_fill(~seen, torch.finfo(bias.dtype).min / 2)


def _within(lengths: Tensor, size: int) -> Tensor:
    """Return (B, size), true at positions below each length."""
    return torch.arange(size, device=lengths.device) < lengths[:, None]


def _fold(x: Tensor) -> Tensor:
    """Fold (B, T, D) to (B * chunks, CHUNK_TOKENS, D), with zeros added at the end."""
    missing = -x.shape[1] % CHUNK_TOKENS
    return pad(x, (0, 0, 0, missing)).reshape(-1, CHUNK_TOKENS, x.shape[-1])


def audio_encoder(model: nn.Module) -> MaskedAudioModel:
    """Return the audio encoder of a model, whether or not PEFT, DDP or FSDP wraps it."""
    encoders = [module for module in model.modules() if isinstance(module, native.Phi4MultimodalAudioModel)]
    assert len(encoders) == 1, "one audio encoder"
    return cast("MaskedAudioModel", encoders[0])


def mask_audio(encoder: nn.Module) -> None:
    """Replace the classes of transformers on an audio encoder by those of this module; weights stay."""
    assert isinstance(encoder, native.Phi4MultimodalAudioModel)
    encoder.__class__ = MaskedAudioModel
    for layer in cast("list[nn.Module]", encoder.encoders):
        layer.__class__ = Phi4MultimodalAudioConformerEncoderLayer
    # Flash attention does not support the bias, and flex attention ignores it.
    config = cast("Any", encoder.config)
    if config._attn_implementation != "eager":
        config._attn_implementation = "sdpa"
