"""Text and audio as inputs of the model: the tokenizer and the feature extractor of a checkpoint.

The two are loaded separately, because the checkpoint's own processor also builds one for images, which needs
torchvision. Features are computed clip by clip, so that they cannot depend on the rest of a batch.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Protocol, cast

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast
from transformers.models.phi4_multimodal.feature_extraction_phi4_multimodal import (
    Phi4MultimodalFeatureExtractor,
)

from enunciate.audio import SAMPLE_RATE_HZ, Samples
from enunciate.errors import ModelNotFoundError
from enunciate.speech_lm.families.phi4.audio_frames import check_length, n_frames_of
from enunciate.speech_lm.families.phi4.hub import HUB_NAME, HUB_REVISION, revision_of
from enunciate.speech_lm.families.phi4.special_tokens import AUDIO, END, END_OF_TEXT
from enunciate.speech_lm.options import CONTROL_TOKENS, TASKS, Task

_TURNS_KEPT = 64
"""Encoded turns that are kept: without reference text there are two, with it one per clip."""

Control = Literal["text", "special", "none"]


class _Loads(Protocol):
    """A class of transformers that loads from a folder or the hub."""

    def from_pretrained(self, name: str, **where: Any) -> Any: ...


class _Saves(Protocol):
    def save_pretrained(self, folder: Path | str) -> object: ...


class Processor:
    """Tokenizer and feature extractor, with the ids of the special tokens."""

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerFast,
        extractor: Phi4MultimodalFeatureExtractor | None = None,
        control: Control = "text",
    ) -> None:
        """Wrap a tokenizer that has Phi-4's special tokens.

        Args:
            tokenizer: The control tokens are added to it if `control` is "special" and it has none.
            extractor: The feature extractor; the default has the checkpoint's settings.
            control: As in `PromptConfig`.

        Raises:
            ModelNotFoundError: The tokenizer lacks a special token that Phi-4 has.
        """
        self.tokenizer = tokenizer
        self.extractor = extractor or Phi4MultimodalFeatureExtractor()
        self.audio_token_id = self._id_of(AUDIO)
        self.end_token_id = self._id_of(END)
        self.pad_token_id = self._id_of(END_OF_TEXT)
        self.control_token_ids: dict[Task, int] = {}
        if control == "special":
            self._add_control_tokens()
        self._turns: dict[str, tuple[list[int], list[int]]] = {}

    @classmethod
    def load(cls, name_or_folder: str, revision: str | None, control: Control) -> Processor:
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
        for part in (self.tokenizer, self.extractor):
            cast(_Saves, part).save_pretrained(folder)

    @property
    def n_ids(self) -> int:
        """One more than the highest id in a prompt: the smallest vocabulary size that a model may have."""
        return max(self.tokenizer.get_vocab().values()) + 1

    def features(self, samples: Samples, name: str = "the clip") -> Tensor:
        """Return log-mel features of shape (T, 80), float32.

        Args:
            samples: (n,) float32 at 16 kHz.
            name: What an error message calls the clip.

        Raises:
            AudioTooLongError: The clip is longer than 40 s.
            AudioTooShortError: The clip is shorter than 25 ms.
        """
        check_length(len(samples), name)
        output = self.extractor([samples], sampling_rate=SAMPLE_RATE_HZ, return_tensors="pt")
        features = cast(Tensor, output["audio_input_features"])[0]
        assert features.shape == (n_frames_of(len(samples)), self.extractor.feature_size)
        return features.to(torch.float32)

    def prompt_ids(self, turn: str, n_audio_tokens: int) -> list[int]:
        """Return the ids of a user turn, with the audio placeholder once per audio token of the clip."""
        if turn not in self._turns:
            if len(self._turns) == _TURNS_KEPT:
                self._turns.clear()
            self._turns[turn] = self._encode(turn)
        before, after = self._turns[turn]
        return [*before, *[self.audio_token_id] * n_audio_tokens, *after]

    def answer_ids(self, answer: str) -> list[int]:
        """Return the ids of an answer, with the end token."""
        return [*self.text_ids(answer), self.end_token_id]

    def text_ids(self, text: str) -> list[int]:
        """Return the ids of a text, without special tokens around it."""
        return self.tokenizer.encode(text, add_special_tokens=False)

    def text_of(self, ids: list[int]) -> str:
        """Return the text of ids, special tokens included."""
        return cast(str, self.tokenizer.decode(ids, clean_up_tokenization_spaces=False))

    def _encode(self, turn: str) -> tuple[list[int], list[int]]:
        """Return the ids before and after the placeholder."""
        ids = self.text_ids(turn)
        assert ids.count(self.audio_token_id) == 1, "a turn has one audio placeholder"
        place = ids.index(self.audio_token_id)
        return ids[:place], ids[place + 1 :]

    def _id_of(self, token: str) -> int:
        token_id = self.tokenizer.get_added_vocab().get(token)
        if token_id is None:
            name = cast(str, getattr(self.tokenizer, "name_or_path", "")) or "this model"
            raise ModelNotFoundError(
                f"the tokenizer of {name} has no token {token}: give {HUB_NAME} "
                f"(revision {HUB_REVISION}) or a model of its kind"
            )
        return token_id

    def _add_control_tokens(self) -> None:
        """Append the control tokens: the vocabulary of the model is larger than that of its tokenizer."""
        names = [CONTROL_TOKENS[task] for task in TASKS]
        taken = {index for name, index in self.tokenizer.get_vocab().items() if name not in names}
        self.tokenizer.add_tokens(names, special_tokens=True)
        self.control_token_ids = {task: self._id_of(name) for task, name in zip(TASKS, names, strict=True)}
        assert taken.isdisjoint(self.control_token_ids.values()), "two tokens have the same id"
