"""The audio encoder of Phi-4-multimodal without the padding of a batch showing through.

The encoder of transformers adds its boolean padding mask to the relative position bias, so that it hides
nothing, and lets what lies behind the end of a clip run into its last frames through the subsampling
convolutions: how a clip is encoded depends on the clips that it is batched with. The classes here take the
place of theirs on a loaded model (`mask_audio`), with the same weights. For a clip alone they compute what
transformers computes, and in a batch they compute the same. The convolutions of the conformer layers are
causal, so nothing leaks there. The layers also take part in gradient checkpointing, which theirs do not.
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
"""Longer clips (40 s) are encoded in pieces of this length, as in transformers."""


class Phi4MultimodalAudioConformerEncoderLayer(
    GradientCheckpointingLayer, native.Phi4MultimodalAudioConformerEncoderLayer
):
    """The same layer, known to gradient checkpointing; the name stays, because FSDP policies go by it."""


class MaskedAudioModel(native.Phi4MultimodalAudioModel):
    """The encoder with padding masked in the convolutions and in attention."""

    def forward(self, hidden_states: Tensor, mask: Tensor | None = None, **_: Any) -> Tensor:
        """Encode a batch.

        Args:
            hidden_states: log-mel features (B, T, 80), clips padded at their end.
            mask: (B, T), true where a frame belongs to the clip; without it all do.

        Returns:
            (B, ceil(T / 8), hidden size); what lies behind a clip's own ceil(t / 8) tokens has no meaning.

        Raises:
            AudioTooShortError: there is not a single frame.
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
        """(B, T, F) to (B, ceil(T / 8), D), with zeros behind each clip's end before every convolution."""
        x = x.unsqueeze(1)
        for module in cast("list[nn.Module]", self.embed.conv):
            if isinstance(module, nn.Conv2d) and module.stride[0] > 1:
                x = x.masked_fill(~_within(lengths, x.shape[2])[:, None, :, None], 0)
                lengths = (lengths + 1) // 2
            x = module(x)
        x = x.transpose(1, 2).flatten(2)
        return self.embed.out(x), lengths

    def _bias(self, x: Tensor, visible: Tensor) -> Tensor:
        """What attention adds to its logits, (B, heads, T, T): relative positions, and padding hidden."""
        bias: Tensor = self.relative_attention_bias_layer(x)
        seen = visible[:, None, None, :]
        if self.config.chunk_size > 0:
            tokens = x.shape[1]
            window = self.config.chunk_size, self.config.left_chunk
            streaming: Tensor = self._streaming_mask(tokens, 1, *window)  # pyright: ignore[reportUnknownMemberType]
            seen = seen & streaming.to(x.device)[:, None]
        # Half of the lowest number: no kernel's scaling makes an infinity of it, and its exponential is 0.
        return bias.masked_fill(~seen, torch.finfo(bias.dtype).min / 2)


def _within(lengths: Tensor, size: int) -> Tensor:
    """(B, size), true before each length."""
    return torch.arange(size, device=lengths.device) < lengths[:, None]


def _fold(x: Tensor) -> Tensor:
    """(B, T, D) to (B * pieces, CHUNK_TOKENS, D), zeros added at the end."""
    missing = -x.shape[1] % CHUNK_TOKENS
    return pad(x, (0, 0, 0, missing)).reshape(-1, CHUNK_TOKENS, x.shape[-1])


def audio_encoder(model: nn.Module) -> MaskedAudioModel:
    """The audio encoder of a model, whatever PEFT, DDP or FSDP wrapped model or encoder in."""
    found = [module for module in model.modules() if isinstance(module, native.Phi4MultimodalAudioModel)]
    assert len(found) == 1, "one audio encoder"
    return cast("MaskedAudioModel", found[0])


def mask_audio(encoder: nn.Module) -> None:
    """Put the classes of this module in the place of transformers' on an audio encoder; weights stay."""
    assert isinstance(encoder, native.Phi4MultimodalAudioModel)
    encoder.__class__ = MaskedAudioModel
    for layer in cast("list[nn.Module]", encoder.encoders):
        layer.__class__ = Phi4MultimodalAudioConformerEncoderLayer
    # Flash attention has no place for the bias and flex attention ignores it.
    config = cast("Any", encoder.config)
    if config._attn_implementation != "eager":
        config._attn_implementation = "sdpa"
