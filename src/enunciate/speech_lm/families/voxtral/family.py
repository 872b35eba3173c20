"""Voxtral as a family.

Its tokenizer is a file of Mistral's own, `tekken.json`, which transformers reads without mistral-common.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import nn
from transformers import VoxtralConfig, VoxtralForConditionalGeneration

from enunciate.speech_lm.audio_geometry import AudioGeometry
from enunciate.speech_lm.families.audio_tower import AudioTowerFamily
from enunciate.speech_lm.families.log_mel_processor import LogMelProcessor
from enunciate.speech_lm.families.voxtral.model import SpeechVoxtral, prepare
from enunciate.speech_lm.prompts import TurnFormat


class VoxtralProcessor(LogMelProcessor):
    """Tokenizer and features, in the format of its instructed models."""

    geometry = AudioGeometry("Voxtral", max_s=30.0, centred=True, frames_per_token=8)
    format = TurnFormat(
        before="<s>[INST]",
        audio="[AUDIO]",
        after="[/INST]",
        end="</s>",
        pad="<pad>",
        audio_begins="[BEGIN_AUDIO]",
    )
    source = "mistralai/Voxtral-Mini-3B-2507 or a model of its kind"


class VoxtralFamily(AudioTowerFamily):
    """See `Family`. Longer clips than 30 s, which Voxtral takes in pieces, are not taken here."""

    name = "voxtral"
    hub_name = "mistralai/Voxtral-Mini-3B-2507"
    model_type = "voxtral"
    kind_of_model = "Voxtral"

    def model_class(self) -> Any:
        """See `TransformersFamily`."""
        return VoxtralForConditionalGeneration

    def config_class(self) -> Any:
        """See `Family`."""
        return VoxtralConfig

    def processor_class(self) -> type[VoxtralProcessor]:
        """See `Family`."""
        return VoxtralProcessor

    def mel_bands(self, folder: Path) -> int | None:
        """See `TransformersFamily`."""
        return self.config(folder).audio_config.num_mel_bins if (folder / "config.json").is_file() else None

    def prepare(self, model: nn.Module) -> SpeechVoxtral:
        """See `Family`."""
        return prepare(model)
