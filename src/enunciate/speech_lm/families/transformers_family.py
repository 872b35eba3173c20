"""What families share whose checkpoints are folders of transformers, here or on the hub."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, cast

import torch

from enunciate.errors import EnunciateError, ModelNotFoundError
from enunciate.speech_lm.families.family import Attention, Family
from enunciate.speech_lm.families.folder_processor import FolderProcessor
from enunciate.speech_lm.families.whole_checkpoint import load_whole
from enunciate.speech_lm.options import CONTROL_TOKENS, AdapterConfig
from enunciate.speech_lm.processor import Control, Processor

WEIGHTS = ("model.safetensors", "model.safetensors.index.json")
_DESCRIPTION = ["*.json", "*.txt"]


class TransformersFamily(Family):
    """A family whose bases one class of transformers loads; subclasses name it, and the parts of a base."""

    model_type: str
    """The `model_type` of its configurations."""
    kind_of_model: str
    """What error messages call a base."""
    weight_files: tuple[str, ...] = ("model*.safetensors",)
    """Patterns for the names of the files on the hub that are fetched; some bases have others beside them."""
    targets: ClassVar[Mapping[str, str]]
    """For the decoder and the encoder, an expression for the names of the layers that get LoRA matrices."""

    def lora_targets(self, config: AdapterConfig) -> str:
        """See `Family`."""
        return self.targets.get(config.where) or "|".join(f"({target})" for target in self.targets.values())

    def model_class(self) -> Any:
        """Return the class of models in transformers."""
        raise NotImplementedError

    def processor_class(self) -> type[FolderProcessor]:
        """Return the class of the processors."""
        raise NotImplementedError

    def checkpoint_folder(self, name_or_folder: str, revision: str | None) -> Path:
        """See `Family`."""
        folder = Path(name_or_folder)
        if not folder.is_dir():
            return self.fetched(name_or_folder, revision, [*_DESCRIPTION, *self.weight_files])
        if not self.holds_weights(folder):
            raise ModelNotFoundError(f"{folder}: no {self.kind_of_model} in it: model.safetensors is needed")
        return folder

    def holds_weights(self, folder: Path) -> bool:
        """Whether a folder has the weights of a base."""
        return any((folder / name).is_file() for name in WEIGHTS)

    def description_folder(self, name_or_folder: str, revision: str | None) -> Path | None:
        """See `Family`."""
        if Path(name_or_folder).is_dir():
            return Path(name_or_folder)
        try:
            return self.fetched(name_or_folder, revision, _DESCRIPTION)
        except ModelNotFoundError:
            return None

    def config(self, folder: Path) -> Any:
        """See `Family`."""
        try:
            kind = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("model_type")
        except (OSError, ValueError) as error:
            raise EnunciateError(f"{folder}/config.json cannot be read ({error}): get it again") from error
        if kind != self.model_type:
            raise EnunciateError(f"{folder}: a checkpoint of type {kind}, not {self.model_type}")
        return self.config_class().from_pretrained(folder)

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
        folder = self.checkpoint_folder(str(name_or_folder), revision)
        prepared = self.prepare(self.load_folder(folder, dtype, device, attention))
        prepared.checkpoint = folder
        prepared.name_or_path = prepared.config.name_or_path = str(name_or_folder)
        return prepared

    def load_folder(
        self, folder: Path, dtype: torch.dtype, device: torch.device | str, attention: Attention
    ) -> Any:
        """Load the weights of a folder into the class of transformers."""
        return load_whole(
            self.model_class(),
            folder,
            config=self.config(folder),
            dtype=dtype,
            device=device,
            attention=attention,
        )

    def random(self, config: Any, dtype: torch.dtype, device: torch.device | str) -> Any:
        """See `Family`."""
        with torch.device(device):
            return self.prepare(cast("torch.nn.Module", self.model_class()(config)).to(dtype))

    def processor(self, name_or_folder: str, revision: str | None, control: Control) -> FolderProcessor:
        """See `Family`; an adapter's folder has the number of mel bands beside its tokenizer."""
        folder = Path(name_or_folder)
        if not folder.is_dir():
            folder = self.fetched(name_or_folder, revision, _DESCRIPTION)
        return self.processor_class().load(folder, self.mel_bands(folder), control)

    def fit_vocabulary(self, model: Any, processor: Processor) -> None:
        """Add rows for special control tokens, each the mean of the tokens that spell it."""
        if processor.n_ids <= model.n_vocabulary:
            return
        spelled = {task: processor.spelled_ids(CONTROL_TOKENS[task]) for task in processor.control_token_ids}
        model.resize_token_embeddings(processor.n_ids, mean_resizing=False)
        weight = model.get_input_embeddings().weight
        with torch.no_grad():
            for task, token in processor.control_token_ids.items():
                weight[token] = weight[spelled[task]].mean(0)

    def mel_bands(self, folder: Path) -> int | None:
        """Return the number of mel bands of a base whose folder does not say it in transformers' file."""
        return None

    def fetched(self, name: str, revision: str | None, patterns: list[str]) -> Path:
        """Return the folder of files from the hub.

        Raises:
            ModelNotFoundError: They are not in the cache, and cannot be fetched.
        """
        from huggingface_hub import snapshot_download  # pyright: ignore[reportUnknownVariableType]

        try:
            return Path(snapshot_download(name, revision=revision, allow_patterns=patterns))
        except Exception as error:  # the hub's errors have no common base: HTTP, offline, bad name
            raise ModelNotFoundError(
                f"{name}: not a folder here, not in the cache, and not available from the Hugging Face hub "
                f"({type(error).__name__}). Give the folder of a {self.kind_of_model}, or get it while you "
                f"are online: hf download {name}"
            ) from error
