"""Whisper as a family: a name on the hub, a folder of transformers, or one as faster-whisper keeps it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import torch
from torch import nn
from transformers import WhisperConfig, WhisperForConditionalGeneration

from enunciate.errors import ModelNotFoundError
from enunciate.speech_lm.families.detection import is_ctranslate2
from enunciate.speech_lm.families.family import Attention, ModelSizes
from enunciate.speech_lm.families.transformers_family import TransformersFamily
from enunciate.speech_lm.families.whisper.ctranslate2_checkpoint import (
    load_ctranslate2,
    read_ctranslate2_config,
)
from enunciate.speech_lm.families.whisper.model import SpeechWhisper, prepare
from enunciate.speech_lm.families.whisper.processor import WhisperProcessor
from enunciate.speech_lm.families.whisper.turn import SCORE_PATHS

_ATTENTION = r"self_attn\.(q_proj|k_proj|v_proj|out_proj)|fc1|fc2"
LORA_TARGETS = {
    "decoder": rf"model\.decoder\.layers\.\d+\.({_ATTENTION}|encoder_attn\.(q_proj|k_proj|v_proj|out_proj))",
    "encoder": rf"model\.encoder\.layers\.\d+\.({_ATTENTION})",
}


class WhisperFamily(TransformersFamily):
    """See `Family`."""

    name = "whisper"
    hub_name = "openai/whisper-base"
    model_type = "whisper"
    kind_of_model = "Whisper (of transformers, or as faster-whisper keeps it)"
    hearing_modules = ("model.encoder",)
    embedding = "embed_tokens"
    targets = LORA_TARGETS
    keeps_float32 = True
    takes_log_mel = True
    can_be_sharded = False  # layers are called part by part, past the hooks that gather their weights
    runs_layer_by_layer = False
    score_paths = SCORE_PATHS

    def model_class(self) -> Any:
        """See `TransformersFamily`."""
        return WhisperForConditionalGeneration

    def config_class(self) -> Any:
        """See `Family`."""
        return WhisperConfig

    def processor_class(self) -> type[WhisperProcessor]:
        """See `Family`."""
        return WhisperProcessor

    def sizes(self, config: Any) -> ModelSizes:
        """See `Family`."""
        return ModelSizes(
            config.d_model,
            config.decoder_ffn_dim,
            config.decoder_layers,
            config.vocab_size,
            config.d_model,
            config.encoder_layers,
        )

    def checkpoint_folder(self, name_or_folder: str, revision: str | None) -> Path:
        """See `Family`."""
        folder = Path(name_or_folder)
        if folder.is_dir() and not self.holds_weights(folder) and not is_ctranslate2(folder):
            raise ModelNotFoundError(
                f"{folder}: no Whisper in it: model.safetensors, or CTranslate2's model.bin with "
                "tokenizer.json, is needed"
            )
        return folder if folder.is_dir() else super().checkpoint_folder(name_or_folder, revision)

    def config(self, folder: Path) -> Any:
        """See `Family`."""
        return read_ctranslate2_config(folder) if self._is_ctranslate2(folder) else super().config(folder)

    def load_folder(
        self, folder: Path, dtype: torch.dtype, device: torch.device | str, attention: Attention
    ) -> Any:
        """See `TransformersFamily`; attention is always sdpa."""
        if not self._is_ctranslate2(folder):
            return super().load_folder(folder, dtype, device, "sdpa")
        return cast("nn.Module", load_ctranslate2(folder, self.config(folder))).to(device, dtype)

    def prepare(self, model: nn.Module) -> SpeechWhisper:
        """See `Family`."""
        return prepare(model)

    def mel_bands(self, folder: Path) -> int | None:
        """See `TransformersFamily`."""
        return self.config(folder).num_mel_bins if self._is_ctranslate2(folder) else None

    def _is_ctranslate2(self, folder: Path) -> bool:
        return is_ctranslate2(folder) and not self.holds_weights(folder)
