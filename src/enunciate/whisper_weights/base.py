"""Where a Whisper base is found, in a folder or in the hub's cache, and what it holds; nothing is fetched."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from enunciate.errors import ModelNotFoundError
from enunciate.whisper_weights.ctranslate2 import Arrays
from enunciate.whisper_weights.files import read_weights

VARIABLE = "ENUNCIATE_WHISPER"
"""The environment variable with a folder."""
HUB_NAMES = ("openai/whisper-base", "Systran/faster-whisper-base")
"""The base on the Hugging Face hub, in the layouts of transformers and of CTranslate2."""
_TOKENIZER, _CTRANSLATE2 = "tokenizer.json", "model.bin"


@dataclass(frozen=True)
class WhisperFolder:
    """A folder with a Whisper of transformers or of CTranslate2."""

    folder: Path

    @property
    def tokenizer(self) -> Path:
        """The file of the tokenizer."""
        return self.folder / _TOKENIZER

    @cached_property
    def heads(self) -> int | None:
        """The number of attention heads, where `config.json` says it."""
        try:
            config: Any = json.loads((self.folder / "config.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return cast("dict[str, int]", config).get("decoder_attention_heads") if config else None

    def read(self) -> Arrays:
        """Read the weights, under the names of transformers.

        Raises:
            ModelNotFoundError: They cannot be read.
            MissingExtraError: They are safetensors, and the package is not installed.
        """
        files = sorted(self.folder.glob("*.safetensors")) or [self.folder / _CTRANSLATE2]
        return {name: values for file in files for name, values in read_weights(file).items()}

    @property
    def is_complete(self) -> bool:
        """Whether it has a tokenizer and weights."""
        weights = (self.folder / _CTRANSLATE2).is_file() or any(self.folder.glob("*.safetensors"))
        return weights and self.tokenizer.is_file()


def find_whisper(folder: Path | None = None, hub_names: Sequence[str] = HUB_NAMES) -> WhisperFolder:
    """Return the base: the folder given or, without one, that of `VARIABLE`, or one in the hub's cache.

    Args:
        folder: A folder of transformers (safetensors) or of CTranslate2, with its tokenizer.json.
        hub_names: The names that are looked for in the cache.

    Raises:
        ModelNotFoundError: There is none, or the folder is no Whisper.
    """
    given = folder or (Path(os.environ[VARIABLE]).expanduser() if os.environ.get(VARIABLE) else None)
    if given is not None:
        found = WhisperFolder(given)
        if not found.is_complete:
            raise ModelNotFoundError(
                f"{given}: no Whisper in it: {_TOKENIZER} and either *.safetensors (transformers) or "
                f"{_CTRANSLATE2} (CTranslate2) are needed"
            )
        return found
    for name in hub_names:
        cached = WhisperFolder(_cached(name))
        if cached.is_complete:
            return cached
    raise ModelNotFoundError(
        f"there is no Whisper base on this machine: run `hf download {hub_names[0]}` once, or set {VARIABLE} "
        "to a folder that has it, as transformers or faster-whisper keep it"
    )


def _cached(name: str) -> Path:
    """The folder in the hub's cache where the main revision of a model would be."""
    cache = (
        os.environ.get("HF_HUB_CACHE") or Path(os.environ.get("HF_HOME") or "~/.cache/huggingface") / "hub"
    )
    model = Path(cache).expanduser() / f"models--{name.replace('/', '--')}"
    try:
        revision = (model / "refs" / "main").read_text(encoding="utf-8").strip()
    except OSError:
        return model
    return model / "snapshots" / revision
