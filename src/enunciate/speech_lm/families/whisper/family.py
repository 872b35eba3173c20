"""Whisper as a family: a name on the hub, a folder of transformers, or one as faster-whisper keeps it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn
from transformers import WhisperConfig, WhisperForConditionalGeneration

from enunciate.errors import EnunciateError, ModelNotFoundError
from enunciate.pocket.log_mel import N_MELS
from enunciate.speech_lm.families.detection import is_ctranslate2
from enunciate.speech_lm.families.family import Attention, Family, ModelSizes
from enunciate.speech_lm.families.whisper.ctranslate2_checkpoint import (
    load_ctranslate2,
    read_ctranslate2_config,
)
from enunciate.speech_lm.families.whisper.model import SpeechWhisper, prepare
from enunciate.speech_lm.families.whisper.processor import WhisperProcessor
from enunciate.speech_lm.families.whisper.turn import SCORE_PATHS
from enunciate.speech_lm.options import CONTROL_TOKENS, AdapterConfig
from enunciate.speech_lm.processor import Control, Processor

_WEIGHTS = ("model.safetensors", "model.safetensors.index.json")
_ATTENTION = r"self_attn\.(q_proj|k_proj|v_proj|out_proj)|fc1|fc2"
LORA_TARGETS = {
    "decoder": rf"model\.decoder\.layers\.\d+\.({_ATTENTION}|encoder_attn\.(q_proj|k_proj|v_proj|out_proj))",
    "encoder": rf"model\.encoder\.layers\.\d+\.({_ATTENTION})",
}


class WhisperFamily(Family):
    """See `Family`."""

    name = "whisper"
    hub_name = "openai/whisper-base"
    hearing_modules = ("model.encoder",)
    embedding = "embed_tokens"
    keeps_float32 = True
    can_be_sharded = False  # layers are called part by part, past the hooks that gather their weights
    score_paths = SCORE_PATHS

    def lora_targets(self, config: AdapterConfig) -> str:
        """See `Family`."""
        return LORA_TARGETS.get(config.where) or "|".join(f"({target})" for target in LORA_TARGETS.values())

    def checkpoint_folder(self, name_or_folder: str, revision: str | None) -> Path:
        """See `Family`."""
        folder = Path(name_or_folder)
        if folder.is_dir():
            if is_ctranslate2(folder) or any((folder / name).is_file() for name in _WEIGHTS):
                return folder
            raise ModelNotFoundError(
                f"{folder}: no Whisper in it: model.safetensors, or CTranslate2's model.bin with "
                "tokenizer.json, is needed"
            )
        return self._fetched(name_or_folder, revision, ["*.json", "*.txt", "*.safetensors"])

    def description_folder(self, name_or_folder: str, revision: str | None) -> Path | None:
        """See `Family`."""
        if Path(name_or_folder).is_dir():
            return Path(name_or_folder)
        try:
            return self._fetched(name_or_folder, revision, ["*.json", "*.txt"])
        except ModelNotFoundError:
            return None

    def config(self, folder: Path) -> WhisperConfig:
        """See `Family`."""
        if is_ctranslate2(folder) and not any((folder / name).is_file() for name in _WEIGHTS):
            return read_ctranslate2_config(folder)
        try:
            kind = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("model_type")
        except (OSError, ValueError) as error:
            raise EnunciateError(f"{folder}/config.json cannot be read ({error}): get it again") from error
        if kind != "whisper":
            raise EnunciateError(f"{folder}: a checkpoint of type {kind}, not whisper")
        return cast("Any", WhisperConfig).from_pretrained(folder)

    def config_class(self) -> Any:
        """See `Family`."""
        return WhisperConfig

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

    def load(
        self,
        name_or_folder: str | Path,
        *,
        revision: str | None = None,
        dtype: torch.dtype = torch.bfloat16,
        device: torch.device | str = "cpu",
        attention: Attention = "sdpa",
    ) -> SpeechWhisper:
        """See `Family`; attention is always sdpa."""
        folder = self.checkpoint_folder(str(name_or_folder), revision)
        config = self.config(folder)
        if is_ctranslate2(folder) and not any((folder / name).is_file() for name in _WEIGHTS):
            model = cast("nn.Module", load_ctranslate2(folder, config)).to(device, dtype)
        else:
            model = cast("Any", WhisperForConditionalGeneration).from_pretrained(
                folder, config=config, dtype=dtype, use_safetensors=True, device_map={"": device}
            )
        prepared = prepare(model)
        prepared.checkpoint = folder
        prepared.name_or_path = prepared.config.name_or_path = str(name_or_folder)
        return prepared

    def random(self, config: Any, dtype: torch.dtype, device: torch.device | str) -> SpeechWhisper:
        """See `Family`."""
        with torch.device(device):
            return prepare(cast("nn.Module", WhisperForConditionalGeneration(config)).to(dtype))

    def prepare(self, model: nn.Module) -> SpeechWhisper:
        """See `Family`."""
        return prepare(model)

    def processor_class(self) -> type[WhisperProcessor]:
        """See `Family`."""
        return WhisperProcessor

    def processor(self, name_or_folder: str, revision: str | None, control: Control) -> WhisperProcessor:
        """See `Family`; an adapter's folder has the number of mel bands beside its tokenizer."""
        folder = Path(name_or_folder)
        if not folder.is_dir():
            folder = self._fetched(name_or_folder, revision, ["*.json", "*.txt"])
        return WhisperProcessor.load(folder, self._n_mels(folder), control)

    def fit_vocabulary(self, model: SpeechWhisper, processor: Processor) -> None:
        """Add rows for special control tokens, each the mean of the tokens that spell it."""
        if processor.n_ids <= model.n_vocabulary:
            return
        spelled = {task: processor.spelled_ids(CONTROL_TOKENS[task]) for task in processor.control_token_ids}
        model.resize_token_embeddings(processor.n_ids, mean_resizing=False)
        weight = model.model.decoder.embed_tokens.weight
        with torch.no_grad():
            for task, token in processor.control_token_ids.items():
                weight[token] = weight[spelled[task]].mean(0)

    def _n_mels(self, folder: Path) -> int:
        try:
            found = json.loads((folder / "preprocessor_config.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return int(read_ctranslate2_config(folder).num_mel_bins) if is_ctranslate2(folder) else N_MELS
        return int(found.get("feature_size", N_MELS))

    def _fetched(self, name: str, revision: str | None, patterns: list[str]) -> Path:
        from huggingface_hub import snapshot_download  # pyright: ignore[reportUnknownVariableType]

        try:
            return Path(snapshot_download(name, revision=revision, allow_patterns=patterns))
        except Exception as error:  # the hub's errors have no common base: HTTP, offline, bad name
            raise ModelNotFoundError(
                f"{name}: not a folder here, not in the cache, and not available from the Hugging Face hub "
                f"({type(error).__name__}). Give a folder with a Whisper (of transformers, or as "
                f"faster-whisper keeps it), or get it while you are online: hf download {name}"
            ) from error
