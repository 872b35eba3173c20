"""Qwen2-Audio as a family."""

from __future__ import annotations

from typing import Any

from torch import nn
from transformers import Qwen2AudioConfig, Qwen2AudioForConditionalGeneration

from enunciate.speech_lm.audio_geometry import AudioGeometry
from enunciate.speech_lm.families.audio_tower import AudioTowerFamily
from enunciate.speech_lm.families.log_mel_processor import LogMelProcessor
from enunciate.speech_lm.families.qwen2_audio.model import SpeechQwen2Audio, prepare
from enunciate.speech_lm.prompts import TurnFormat

_END = "<|im_end|>"


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


class Qwen2AudioFamily(AudioTowerFamily):
    """See `Family`."""

    name = "qwen2_audio"
    hub_name = "Qwen/Qwen2-Audio-7B-Instruct"
    model_type = "qwen2_audio"
    kind_of_model = "Qwen2-Audio"

    def model_class(self) -> Any:
        """See `TransformersFamily`."""
        return Qwen2AudioForConditionalGeneration

    def config_class(self) -> Any:
        """See `Family`."""
        return Qwen2AudioConfig

    def processor_class(self) -> type[Qwen2AudioProcessor]:
        """See `Family`."""
        return Qwen2AudioProcessor

    def prepare(self, model: nn.Module) -> SpeechQwen2Audio:
        """See `Family`."""
        return prepare(model)
