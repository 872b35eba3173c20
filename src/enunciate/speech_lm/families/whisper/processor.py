"""Tokenizer and features of Whisper.

A turn begins with the tokens that start a transcript without times; the task follows as text. The features
are those of `pocket`, which do not depend on the level of a recording.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Protocol, cast

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from enunciate.audio import Samples
from enunciate.errors import ModelNotFoundError
from enunciate.pocket.log_mel import N_MELS, log_mel
from enunciate.speech_lm.families.whisper.turn import END, ENGLISH_ONLY_FORMAT, WHISPER_AUDIO, WHISPER_FORMAT
from enunciate.speech_lm.processor import Control, Processor
from enunciate.storage import write_whole

_END_IN_ENGLISH_ONLY = 50_256
"""The id of `END` in models that know English only."""


class _Loads(Protocol):
    def from_pretrained(self, name: str, **where: Any) -> Any: ...


class WhisperProcessor(Processor):
    """Tokenizer and features."""

    geometry = WHISPER_AUDIO
    format = WHISPER_FORMAT
    source = "openai/whisper-base or a model of its kind"

    def __init__(
        self, tokenizer: PreTrainedTokenizerFast, n_mels: int = N_MELS, control: Control = "text"
    ) -> None:
        """Wrap a tokenizer that has Whisper's special tokens; see `Processor`."""
        if tokenizer.get_added_vocab().get(END) == _END_IN_ENGLISH_ONLY:
            self.format = ENGLISH_ONLY_FORMAT
        super().__init__(tokenizer, control)
        self.n_mels = self._bands = n_mels

    @classmethod
    def load(cls, folder: Path, n_mels: int, control: Control) -> WhisperProcessor:
        """Load the tokenizer of a folder.

        Raises:
            ModelNotFoundError: There is none, or it is another model's.
        """
        try:
            # The class of tokenizer.json itself, whose template of special tokens is not applied.
            tokenizer = cast(_Loads, PreTrainedTokenizerFast).from_pretrained(str(folder))
        except (OSError, ValueError) as error:
            reason = str(error).strip().splitlines()[0]
            raise ModelNotFoundError(
                f"{folder}: its tokenizer cannot be loaded ({reason}): tokenizer.json is needed"
            ) from error
        return cls(tokenizer, n_mels, control)

    def save(self, folder: Path | str) -> None:
        """Write the tokenizer, and the number of mel bands where transformers has it."""
        super().save(folder)
        settings = {"feature_extractor_type": "WhisperFeatureExtractor", "feature_size": self.n_mels}
        write_whole(Path(folder) / "preprocessor_config.json", json.dumps(settings) + "\n")

    def features(self, samples: Samples, name: str = "the clip") -> Tensor:
        """Return log-mel features of shape (T, M), float32; see `Processor.features`."""
        self.geometry.check_length(len(samples), name)
        return torch.from_numpy(log_mel(samples, self._bands).T.copy())
