"""Granite-speech as a family.

Its checkpoint is a language model that was left as it was, and beside it an adapter for speech, on queries
and values, without which it was never meant to listen. `start: speech` continues that adapter.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from torch import nn
from transformers import GraniteSpeechConfig, GraniteSpeechForConditionalGeneration

from enunciate.speech_lm.families.family import ModelSizes
from enunciate.speech_lm.families.granite_speech.model import SpeechGranite, prepare
from enunciate.speech_lm.families.granite_speech.processor import GraniteSpeechProcessor
from enunciate.speech_lm.families.transformers_family import TransformersFamily
from enunciate.speech_lm.options import AdapterConfig

_DECODER, _ENCODER = r"model\.language_model\.layers\.\d+\.", r"model\.encoder\.layers\.\d+\."
SPEECH_TARGETS = rf"{_DECODER}self_attn\.[qv]_proj"
"""The modules of the checkpoint's own adapter."""
LORA_TARGETS = {
    "decoder": rf"{_DECODER}(self_attn\.[qkvo]_proj|mlp\.(gate|up|down)_proj)",
    "encoder": rf"{_ENCODER}(attn\.(to_q|to_kv|to_out)|ff[12]\.(up|down)_proj)",
}
_FORMER_NAME = re.compile(r"^(base_model\.model\.)language_model\.model\.")
"""How the adapter's tensors begin in a checkpoint of the time when the decoder was a whole model in it."""


class GraniteSpeechFamily(TransformersFamily):
    """See `Family`."""

    name = "granite_speech"
    hub_name = "ibm-granite/granite-speech-3.3-2b"
    model_type = "granite_speech"
    kind_of_model = "Granite-speech"
    weight_files = ("model*.safetensors", "adapter_model.safetensors")
    task_type = "CAUSAL_LM"
    speech_adapter = "."
    speech_adapter_shape: ClassVar[dict[str, Any]] = {"r": 64, "lora_alpha": 32, "lora_dropout": 0.1}
    hearing_modules = ("model.encoder", "model.projector")
    embedding = "embed_tokens"
    targets = LORA_TARGETS
    can_be_sharded = False  # the encoder's layers are called part by part

    def lora_targets(self, config: AdapterConfig) -> str:
        """See `Family`."""
        if config.start == "speech":
            return SPEECH_TARGETS
        return super().lora_targets(config)

    def speech_adapter_name(self, name: str) -> str:
        """See `Family`."""
        return _FORMER_NAME.sub(r"\1model.language_model.", name)

    def model_class(self) -> Any:
        """See `TransformersFamily`."""
        return GraniteSpeechForConditionalGeneration

    def config_class(self) -> Any:
        """See `Family`."""
        return GraniteSpeechConfig

    def processor_class(self) -> type[GraniteSpeechProcessor]:
        """See `Family`."""
        return GraniteSpeechProcessor

    def sizes(self, config: Any) -> ModelSizes:
        """See `Family`."""
        text, audio = config.text_config, config.encoder_config
        return ModelSizes(
            text.hidden_size,
            text.intermediate_size,
            text.num_hidden_layers,
            text.vocab_size,
            audio.hidden_dim,
            audio.num_layers,
        )

    def prepare(self, model: nn.Module) -> SpeechGranite:
        """See `Family`."""
        return prepare(model)
