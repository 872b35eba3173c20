"""Tokenizer and feature extractor of Phi-4-multimodal.

The two are loaded separately, because the checkpoint's own processor also builds one for images, which needs
torchvision.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol, cast

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast
from transformers.models.phi4_multimodal.feature_extraction_phi4_multimodal import (
    Phi4MultimodalFeatureExtractor,
)

from enunciate.audio import SAMPLE_RATE_HZ, Samples
from enunciate.errors import ModelNotFoundError
from enunciate.speech_lm.families.phi4.audio_frames import PHI4_AUDIO
from enunciate.speech_lm.families.phi4.hub import HUB_NAME, HUB_REVISION, revision_of
from enunciate.speech_lm.families.phi4.special_tokens import PHI4_FORMAT
from enunciate.speech_lm.processor import Control, Processor


class _Loads(Protocol):
    """A class of transformers that loads from a folder or the hub."""

    def from_pretrained(self, name: str, **where: Any) -> Any: ...


class _Saves(Protocol):
    def save_pretrained(self, folder: Path | str) -> object: ...


class Phi4Processor(Processor):
    """Tokenizer and feature extractor, with the ids of the special tokens."""

    geometry = PHI4_AUDIO
    format = PHI4_FORMAT
    source = f"{HUB_NAME} (revision {HUB_REVISION}) or a model of its kind"

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerFast,
        extractor: Phi4MultimodalFeatureExtractor | None = None,
        control: Control = "text",
    ) -> None:
        """Wrap a tokenizer that has Phi-4's special tokens.

        Args:
            tokenizer: As in `Processor`.
            extractor: The feature extractor; the default has the checkpoint's settings.
            control: As in `PromptConfig`.

        Raises:
            ModelNotFoundError: The tokenizer lacks a special token that Phi-4 has.
        """
        super().__init__(tokenizer, control)
        self.extractor = extractor or Phi4MultimodalFeatureExtractor()

    @classmethod
    def load(cls, name_or_folder: str, revision: str | None, control: Control) -> Phi4Processor:
        """Load from the hub or from a folder (of a checkpoint, of a base model, or of an adapter).

        Args:
            name_or_folder: Name on the hub, or folder.
            revision: Revision on the hub; the default is `HUB_REVISION` for Phi-4 and `main` for others.
            control: As in `PromptConfig`.

        Raises:
            ModelNotFoundError: There is no tokenizer or feature extractor, or it is another model's.
        """
        revision = revision_of(name_or_folder, revision)
        where: dict[str, Any] = {} if Path(name_or_folder).is_dir() else {"revision": revision or "main"}
        try:
            # The class of tokenizer.json itself: other classes would split text by rules of their own.
            tokenizer = cast(_Loads, PreTrainedTokenizerFast).from_pretrained(name_or_folder, **where)
            extractor = cast(_Loads, Phi4MultimodalFeatureExtractor).from_pretrained(name_or_folder, **where)
        except (OSError, ValueError) as error:
            reason = str(error).strip().splitlines()[0]
            raise ModelNotFoundError(
                f"{name_or_folder}: its tokenizer or feature extractor cannot be loaded ({reason}). Give a "
                f"folder that holds them, or go online once so that {HUB_NAME} can be fetched"
            ) from error
        return cls(tokenizer, extractor, control)

    def save(self, folder: Path | str) -> None:
        """Write the files that `load` reads."""
        super().save(folder)
        cast(_Saves, self.extractor).save_pretrained(folder)

    def features(self, samples: Samples, name: str = "the clip") -> Tensor:
        """Return log-mel features of shape (T, 80), float32; see `Processor.features`."""
        self.geometry.check_length(len(samples), name)
        output = self.extractor([samples], sampling_rate=SAMPLE_RATE_HZ, return_tensors="pt")
        features = cast(Tensor, output["audio_input_features"])[0]
        assert features.shape == (self.geometry.n_frames(len(samples)), self.extractor.feature_size)
        return features.to(torch.float32)
