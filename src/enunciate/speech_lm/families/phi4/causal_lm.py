"""Phi-4-multimodal as a `SpeechModel`, with the loss over the answer inside its `forward`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from torch import Tensor
from torch.nn.functional import gelu
from transformers.models.phi4_multimodal import modeling_phi4_multimodal as native

from enunciate.speech_lm.families.decoder_only import DecoderOnly
from enunciate.speech_lm.families.speech_model import Heard


class Phi4MultimodalForCausalLM(DecoderOnly, native.Phi4MultimodalForCausalLM):
    """The model; it keeps its name, which `save_pretrained` writes down."""

    @property
    def audio_token_id(self) -> int:
        """Id of the audio placeholder."""
        return cast("int", self.config.audio_config.audio_token_id)

    @property
    def language_model(self) -> Any:
        """The decoder without its output layer."""
        return self.model

    def encode(self, audio: Mapping[str, Tensor]) -> Heard:
        """Encode clips to the embeddings of their audio tokens."""
        embed = cast("Any", self.model).embed_tokens_extend.audio_embed
        weight = embed.up_proj_for_speech.weight
        features = audio["audio_input_features"].to(weight.device, weight.dtype)
        encoded = embed.encoder(features, audio["audio_attention_mask"].to(weight.device))
        states = embed.down_proj_for_speech(gelu(embed.up_proj_for_speech(encoded)))
        return Heard(states, audio["audio_embed_sizes"].to(weight.device))
