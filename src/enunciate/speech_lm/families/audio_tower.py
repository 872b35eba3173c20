"""What families share that join an encoder of Whisper's kind, `audio_tower`, to a decoder by a projector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from torch import Tensor

from enunciate.speech_lm.families.decoder_only import DecoderOnly
from enunciate.speech_lm.families.family import ModelSizes
from enunciate.speech_lm.families.speech_model import Heard
from enunciate.speech_lm.families.transformers_family import TransformersFamily

LORA_TARGETS = {
    "decoder": r"model\.language_model\.layers\.\d+\.(self_attn\.[qkvo]_proj|mlp\.(gate|up|down)_proj)",
    "encoder": r"model\.audio_tower\.layers\.\d+\.(self_attn\.(q_proj|k_proj|v_proj|out_proj)|fc1|fc2)",
}


class AudioTowerFamily(TransformersFamily):
    """A family of such bases; a subclass names its classes and its processor."""

    task_type = "CAUSAL_LM"
    hearing_modules = ("model.audio_tower", "multi_modal_projector")
    embedding = "embed_tokens"
    targets = LORA_TARGETS
    takes_log_mel = True
    can_be_sharded = False  # the encoder's layers are called part by part

    def sizes(self, config: Any) -> ModelSizes:
        """See `Family`."""
        text, audio = config.text_config, config.audio_config
        return ModelSizes(
            text.hidden_size,
            text.intermediate_size,
            text.num_hidden_layers,
            text.vocab_size,
            audio.d_model,
            audio.encoder_layers,
        )


class WithAudioTower(DecoderOnly):
    """A mixin for such a model; its tower takes features (B, T, M) and a mask (B, T), true on frames."""

    @property
    def language_model(self) -> Any:
        """The decoder without its output layer."""
        return cast("Any", self).model.language_model

    def encode(self, audio: Mapping[str, Tensor]) -> Heard:
        """Encode clips to the embeddings of their audio tokens."""
        inner = cast("Any", self).model
        device = next(inner.multi_modal_projector.parameters()).device
        visible = audio["audio_attention_mask"].to(device)
        states = inner.audio_tower(audio["audio_input_features"].to(device), visible)
        return Heard(inner.multi_modal_projector(states), audio["audio_embed_sizes"].to(device))
