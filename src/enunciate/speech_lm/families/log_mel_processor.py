"""A processor for bases that take Whisper's features.

The features are those of `pocket`, which do not depend on the level of a recording.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Self

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from enunciate.audio import Samples
from enunciate.pocket.log_mel import N_MELS, log_mel
from enunciate.speech_lm.families.folder_processor import FolderProcessor, load_tokenizer
from enunciate.speech_lm.processor import Control
from enunciate.storage import write_whole

_SETTINGS = "preprocessor_config.json"


class LogMelProcessor(FolderProcessor):
    """Tokenizer and log-mel features."""

    def __init__(
        self, tokenizer: PreTrainedTokenizerFast, n_mels: int = N_MELS, control: Control = "text"
    ) -> None:
        """Wrap a tokenizer that has the family's special tokens; see `Processor`."""
        super().__init__(tokenizer, control)
        self.n_mels = self._bands = n_mels

    @classmethod
    def load(cls, folder: Path, n_mels: int | None, control: Control) -> Self:
        """See `FolderProcessor.load`."""
        tokenizer = load_tokenizer(folder)
        try:
            found = json.loads((folder / _SETTINGS).read_text(encoding="utf-8")).get("feature_size")
        except (OSError, ValueError):
            found = None
        return cls(tokenizer, int(found or n_mels or N_MELS), control)

    def save(self, folder: Path | str) -> None:
        """Write the tokenizer, and the number of mel bands where transformers has it."""
        super().save(folder)
        settings = {"feature_extractor_type": "WhisperFeatureExtractor", "feature_size": self.n_mels}
        write_whole(Path(folder) / _SETTINGS, json.dumps(settings) + "\n")

    def features(self, samples: Samples, name: str = "the clip") -> Tensor:
        """Return log-mel features of shape (T, M), float32; see `Processor.features`."""
        self.geometry.check_length(len(samples), name)
        return torch.from_numpy(log_mel(samples, self._bands).T.copy())
