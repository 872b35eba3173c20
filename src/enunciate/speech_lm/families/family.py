"""A family of base models: all that the engine asks of a base before it has loaded it.

A new family is a class of `Family` (about 80 lines) with a `SpeechModel` and a `Processor`, and a name in
`families.registry`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import torch
from torch import nn

from enunciate.speech_lm.families.names import FamilyName
from enunciate.speech_lm.options import AdapterConfig, Precision

if TYPE_CHECKING:
    from enunciate.speech_lm.processor import Control, Processor

Attention = Literal["sdpa", "eager", "flash_attention_2"]
"""Attention of the decoder."""


@dataclass(frozen=True)
class ModelSizes:
    """The sizes of a model that its need of memory follows from."""

    hidden: int
    intermediate: int
    layers: int
    vocabulary: int
    audio_hidden: int
    audio_layers: int


class Family(ABC):
    """Loads bases of one architecture, and knows the names of their parts."""

    name: FamilyName
    hub_name: str
    """The usual base on the Hugging Face hub."""
    task_type: str | None = None
    """PEFT's name of the kind of model."""
    speech_adapter: str | None = None
    """Folder of the adapter for speech that a checkpoint of the family brings, if any."""
    speech_adapter_shape: ClassVar[dict[str, Any]] = {}
    """Its rank, alpha and dropout."""
    hearing_modules: tuple[str, ...]
    """The audio encoder and projector, by the ends of their names, which `unfreeze` trains whole."""
    embedding: str
    """The end of the name of the embedding of text tokens."""
    keeps_float32: bool = False
    """Whether models are small enough to be kept in float32 where they compute in bfloat16."""
    takes_log_mel: bool = False
    """Whether bases take pocket's log-mel features, which can be changed in training."""
    not_loaded: str | None = None
    """A regular expression for the beginnings of a checkpoint's tensors that no speech needs."""
    can_be_sharded: bool = True
    """Whether FSDP can spread a model over several GPUs."""
    runs_layer_by_layer: bool = True
    """Whether a decoder's layers can be compiled and run by `decoder_layers`."""
    score_paths: int = 8
    """Beginnings of an answer that are followed when scores are decoded."""

    def frozen_dtype(self, precision: Precision) -> torch.dtype:
        """Return the type of frozen weights on a GPU for a recipe's precision."""
        return torch.bfloat16 if precision == "bf16" and not self.keeps_float32 else torch.float32

    @abstractmethod
    def lora_targets(self, config: AdapterConfig) -> str:
        """Return a regular expression for the names of the linear layers that get LoRA matrices."""

    def speech_adapter_name(self, name: str) -> str:
        """Return the name in transformers' class of a tensor of the checkpoint's own adapter."""
        return name

    @abstractmethod
    def checkpoint_folder(self, name_or_folder: str, revision: str | None) -> Path:
        """Return the folder of a checkpoint, fetched from the hub if a name is given.

        Raises:
            ModelNotFoundError: It is neither a folder with a checkpoint nor a name that can be fetched.
        """

    @abstractmethod
    def description_folder(self, name_or_folder: str, revision: str | None) -> Path | None:
        """Return a folder with configuration and tokenizer, without weights; None if there is none now."""

    @abstractmethod
    def config(self, folder: Path) -> Any:
        """Read the configuration of a checkpoint.

        Raises:
            EnunciateError: It is broken, or another family's.
        """

    @abstractmethod
    def config_class(self) -> Any:
        """Return the class of configurations in transformers."""

    def known_config(self) -> Any | None:
        """Return the configuration of `hub_name` if it is known without the hub."""
        return None

    @abstractmethod
    def sizes(self, config: Any) -> ModelSizes:
        """Return the sizes of a model."""

    @abstractmethod
    def load(
        self,
        name_or_folder: str | Path,
        *,
        revision: str | None = None,
        dtype: torch.dtype = torch.bfloat16,
        device: torch.device | str = "cpu",
        attention: Attention = "sdpa",
    ) -> Any:
        """Load the `SpeechModel` of a checkpoint: only tensors, and never code from it.

        Raises:
            ModelNotFoundError: There is no such checkpoint here and none can be fetched.
        """

    @abstractmethod
    def random(self, config: Any, dtype: torch.dtype, device: torch.device | str) -> Any:
        """Return a `SpeechModel` with random weights; on `meta` it has shapes but takes no memory."""

    @abstractmethod
    def prepare(self, model: nn.Module) -> Any:
        """Turn a model of transformers' class into a `SpeechModel`, in place; again changes nothing."""

    @abstractmethod
    def processor_class(self) -> type[Processor]:
        """Return the class of the processors."""

    @abstractmethod
    def processor(self, name_or_folder: str, revision: str | None, control: Control) -> Processor:
        """Load the processor of a checkpoint or of an adapter's folder.

        Raises:
            ModelNotFoundError: There is none, or it is another model's.
        """

    def fit_vocabulary(self, model: Any, processor: Processor) -> None:  # noqa: B027 (most have ids to spare)
        """Give the model rows for control tokens that the processor has added, if it has none to spare."""

    def control_ids(self, processor: Processor, tasks: Sequence[str]) -> list[int]:
        """Return the ids of the control tokens of some tasks whose embeddings are trained."""
        return [token for task, token in processor.control_token_ids.items() if task in tasks]
