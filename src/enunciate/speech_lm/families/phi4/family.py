"""Phi-4-multimodal as a family."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from transformers import Phi4MultimodalConfig

from enunciate.speech_lm.families.family import Attention, Family, ModelSizes
from enunciate.speech_lm.families.phi4.adapter_layout import (
    AUDIO_MODULES,
    ENCODER_LORA_TARGETS,
    LORA_TARGETS,
    SPEECH_ADAPTER,
    SPEECH_ADAPTER_SHAPE,
)
from enunciate.speech_lm.families.phi4.config import full_config
from enunciate.speech_lm.families.phi4.hub import HUB_NAME, checkpoint_folder, description_folder
from enunciate.speech_lm.families.phi4.model import VISION, load_base, prepare, random_base, read_config
from enunciate.speech_lm.options import CONTROL_TOKENS, AdapterConfig

if TYPE_CHECKING:
    from enunciate.speech_lm.families.phi4.processor import Phi4Processor
    from enunciate.speech_lm.processor import Control, Processor


class Phi4Family(Family):
    """See `Family`."""

    name = "phi4"
    hub_name = HUB_NAME
    task_type = "CAUSAL_LM"
    speech_adapter = SPEECH_ADAPTER
    speech_adapter_shape = SPEECH_ADAPTER_SHAPE
    hearing_modules = AUDIO_MODULES
    embedding = "embed_tokens"
    not_loaded = VISION

    def lora_targets(self, config: AdapterConfig) -> str:
        """The decoder's layers are told from the encoder's by their whole names."""
        targets = {"decoder": LORA_TARGETS, "encoder": ENCODER_LORA_TARGETS}
        return targets.get(config.where) or f"({LORA_TARGETS})|({ENCODER_LORA_TARGETS})"

    def checkpoint_folder(self, name_or_folder: str, revision: str | None) -> Path:
        """See `Family`."""
        return checkpoint_folder(name_or_folder, revision)

    def description_folder(self, name_or_folder: str, revision: str | None) -> Path | None:
        """See `Family`."""
        return description_folder(name_or_folder, revision)

    def config(self, folder: Path) -> Any:
        """See `Family`."""
        return read_config(folder)

    def config_class(self) -> Any:
        """See `Family`."""
        return Phi4MultimodalConfig

    def known_config(self) -> Any:
        """See `Family`."""
        return full_config()

    def sizes(self, config: Any) -> ModelSizes:
        """See `Family`."""
        audio = config.audio_config
        return ModelSizes(
            config.hidden_size,
            config.intermediate_size,
            config.num_hidden_layers,
            config.vocab_size,
            audio.hidden_size,
            audio.num_blocks,
        )

    def load(
        self,
        name_or_folder: str | Path,
        *,
        revision: str | None = None,
        dtype: torch.dtype = torch.bfloat16,
        device: torch.device | str = "cpu",
        attention: Attention = "sdpa",
    ) -> Any:
        """See `Family`."""
        return load_base(name_or_folder, revision=revision, dtype=dtype, device=device, attention=attention)

    def random(self, config: Any, dtype: torch.dtype, device: torch.device | str) -> Any:
        """See `Family`."""
        return random_base(config, dtype, device)

    def prepare(self, model: nn.Module) -> Any:
        """See `Family`."""
        return prepare(model)

    def processor_class(self) -> type[Phi4Processor]:
        """See `Family`; imported only now, because the model can be had without what reads audio."""
        from enunciate.speech_lm.families.phi4.processor import Phi4Processor

        return Phi4Processor

    def processor(self, name_or_folder: str, revision: str | None, control: Control) -> Phi4Processor:
        """See `Family`."""
        return self.processor_class().load(name_or_folder, revision, control)

    def fit_vocabulary(self, model: Any, processor: Processor) -> None:
        """Start special control tokens, in spare rows, as the mean of the tokens that spell them."""
        weight = model.model.embed_tokens.weight
        with torch.no_grad():
            for task, token in processor.control_token_ids.items():
                weight[token] = weight[processor.spelled_ids(CONTROL_TOKENS[task])].mean(0)
