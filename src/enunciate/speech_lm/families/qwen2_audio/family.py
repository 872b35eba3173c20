"""Qwen2-Audio as a family."""

from __future__ import annotations

from typing import Any

from torch import nn
from transformers import Qwen2AudioConfig, Qwen2AudioForConditionalGeneration

from enunciate.speech_lm.audio_geometry import AudioGeometry
from enunciate.speech_lm.families.family import ModelSizes
from enunciate.speech_lm.families.log_mel_processor import LogMelProcessor
from enunciate.speech_lm.families.qwen2_audio.model import SpeechQwen2Audio, prepare
from enunciate.speech_lm.families.transformers_family import TransformersFamily
from enunciate.speech_lm.options import AdapterConfig
from enunciate.speech_lm.prompts import TurnFormat

_END = "<|im_end|>"
LORA_TARGETS = {
    "decoder": r"model\.language_model\.layers\.\d+\.(self_attn\.[qkvo]_proj|mlp\.(gate|up|down)_proj)",
    "encoder": r"model\.audio_tower\.layers\.\d+\.(self_attn\.(q_proj|k_proj|v_proj|out_proj)|fc1|fc2)",
}


class Qwen2AudioProcessor(LogMelProcessor):
    """Tokenizer and features, in the format of its instructed models."""

    geometry = AudioGeometry(
        "Qwen2-Audio", max_s=30.0, centred=True, frames_per_token=4, frames_of_last_token=3
    )
    format = TurnFormat(
        before="<|im_start|>user\n",
        audio="<|AUDIO|>",
        after=f"{_END}\n<|im_start|>assistant\n",
        end=_END,
        pad="<|endoftext|>",
        audio_begins="<|audio_bos|>",
        audio_ends="<|audio_eos|>",
    )
    source = "Qwen/Qwen2-Audio-7B-Instruct or a model of its kind"


class Qwen2AudioFamily(TransformersFamily):
    """See `Family`."""

    name = "qwen2_audio"
    hub_name = "Qwen/Qwen2-Audio-7B-Instruct"
    model_type = "qwen2_audio"
    kind_of_model = "Qwen2-Audio"
    task_type = "CAUSAL_LM"
    hearing_modules = ("model.audio_tower", "multi_modal_projector")
    embedding = "embed_tokens"
    takes_log_mel = True
    can_be_sharded = False  # the encoder's layers are called part by part

    def lora_targets(self, config: AdapterConfig) -> str:
        """See `Family`."""
        return LORA_TARGETS.get(config.where) or "|".join(f"({target})" for target in LORA_TARGETS.values())

    def model_class(self) -> Any:
        """See `TransformersFamily`."""
        return Qwen2AudioForConditionalGeneration

    def config_class(self) -> Any:
        """See `Family`."""
        return Qwen2AudioConfig

    def processor_class(self) -> type[Qwen2AudioProcessor]:
        """See `Family`."""
        return Qwen2AudioProcessor

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

    def prepare(self, model: nn.Module) -> SpeechQwen2Audio:
        """See `Family`."""
        return prepare(model)
