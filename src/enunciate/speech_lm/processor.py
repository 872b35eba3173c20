"""Text and sound on their way into the model: the tokenizer and the feature extractor of a checkpoint.

The two are loaded by themselves, because the checkpoint's own processor also builds one for images, which
needs torchvision. Features are made clip by clip, so that they cannot depend on what else is in a batch.
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
from enunciate.errors import AudioTooLongError, AudioTooShortError, ModelNotFoundError
from enunciate.speech_lm.options import CONTROL_TOKENS, HUB_NAME, HUB_REVISION, TASKS, Task, revision_of
from enunciate.speech_lm.prompts import AUDIO_TOKEN, END_TOKEN

MAX_AUDIO_S = 40.0
"""The audio encoder was trained on no longer clips."""
PAD_TOKEN = "<|endoftext|>"

_WINDOW, _HOP = 400, 160
"""Of a frame, in samples."""
_FRAMES_PER_TOKEN = 8
_TURNS_KEPT = 64
"""Without reference text there are two turns; with it, each clip has its own."""

Control = Literal["text", "special", "none"]


class _Loads(Protocol):
    """A class of transformers that reads itself from a folder or the hub."""

    def from_pretrained(self, name: str, **where: Any) -> Any: ...


class _Saves(Protocol):
    def save_pretrained(self, folder: Path | str) -> object: ...


def n_frames_of(n_samples: int) -> int:
    """Feature frames of a clip at 16 kHz."""
    return max(0, (n_samples - _WINDOW) // _HOP + 1)


def check_length(n_samples: int, name: str) -> None:
    """Refuse clips that the audio encoder cannot take.

    Raises:
        AudioTooLongError: longer than `MAX_AUDIO_S`.
        AudioTooShortError: shorter than one frame.
    """
    if n_samples > MAX_AUDIO_S * SAMPLE_RATE_HZ:
        raise AudioTooLongError(
            f"{name} lasts {n_samples / SAMPLE_RATE_HZ:.1f} s, longer than the {MAX_AUDIO_S:g} s that "
            "Phi-4-multimodal takes: cut it into sentences"
        )
    if n_samples < _WINDOW:
        raise AudioTooShortError(
            f"{name} lasts {1000 * n_samples / SAMPLE_RATE_HZ:.0f} ms, shorter than one frame of 25 ms: "
            "record a whole word"
        )


class Processor:
    """Tokenizer and feature extractor, with the ids that the rest needs."""

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerFast,
        extractor: Phi4MultimodalFeatureExtractor | None = None,
        control: Control = "text",
    ) -> None:
        """Wrap a tokenizer that has Phi-4's special tokens.

        Args:
            tokenizer: with "special" it is given the control tokens, if it has none.
            extractor: None for one of the checkpoint's settings.
            control: as in `PromptConfig`.

        Raises:
            ModelNotFoundError: the tokenizer lacks a special token that Phi-4 has.
        """
        self.tokenizer = tokenizer
        self.extractor = extractor or Phi4MultimodalFeatureExtractor()
        self.audio_token_id = self._id_of(AUDIO_TOKEN)
        self.end_token_id = self._id_of(END_TOKEN)
        self.pad_token_id = self._id_of(PAD_TOKEN)
        self.control_token_ids: dict[Task, int] = {}
        if control == "special":
            self._add_control_tokens()
        self._turns: dict[str, tuple[list[int], list[int]]] = {}

    @classmethod
    def load(cls, name_or_folder: str, revision: str | None, control: Control) -> Processor:
        """Load from the hub or from a folder (of a checkpoint, of a base model, or of an adapter).

        Args:
            name_or_folder: name on the hub, or folder.
            revision: on the hub; None for `HUB_REVISION` of the checkpoint, and for `main` of any other.
            control: as in `PromptConfig`.

        Raises:
            ModelNotFoundError: there is no tokenizer or feature extractor, or it is another model's.
        """
        revision = revision_of(name_or_folder, revision)
        where: dict[str, Any] = {} if Path(name_or_folder).is_dir() else {"revision": revision or "main"}
        try:
            # The class of tokenizer.json itself: others would split text by rules of their own.
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
        """One more than the highest id that a prompt can hold: the least vocabulary that a model needs."""
        return max(self.tokenizer.get_vocab().values()) + 1

    def features(self, samples: Samples, name: str = "the clip") -> Tensor:
        """Log-mel features, shape (T, 80), float32.

        Args:
            samples: float32, shape (n,), 16 kHz.
            name: what an error calls the clip.

        Raises:
            AudioTooLongError: longer than 40 s.
            AudioTooShortError: shorter than 25 ms.
        """
        check_length(len(samples), name)
        output = self.extractor([samples], sampling_rate=SAMPLE_RATE_HZ, return_tensors="pt")
        features = cast(Tensor, output["audio_input_features"])[0]
        assert features.shape == (n_frames_of(len(samples)), self.extractor.feature_size)
        return features.to(torch.float32)

    def audio_tokens(self, frames: int) -> int:
        """Positions that a clip takes in the prompt: one for every 8 frames that are begun."""
        return -(-frames // _FRAMES_PER_TOKEN)

    def prompt_ids(self, turn: str, n_audio_tokens: int) -> list[int]:
        """Ids of a user turn, with the audio placeholder as often as the clip has audio tokens."""
        if turn not in self._turns:
            if len(self._turns) == _TURNS_KEPT:
                self._turns.clear()
            self._turns[turn] = self._encode(turn)
        before, after = self._turns[turn]
        return [*before, *[self.audio_token_id] * n_audio_tokens, *after]

    def answer_ids(self, answer: str) -> list[int]:
        """Ids of an answer, with the end token."""
        return [*self.text_ids(answer), self.end_token_id]

    def text_ids(self, text: str) -> list[int]:
        """Ids of a text, with nothing put before or after it."""
        return self.tokenizer.encode(text, add_special_tokens=False)  # pyright: ignore[reportUnknownMemberType]

    def text_of(self, ids: list[int]) -> str:
        """The text of ids, special tokens included."""
        return cast(str, self.tokenizer.decode(ids, clean_up_tokenization_spaces=False))  # pyright: ignore[reportUnknownMemberType]

    def _encode(self, turn: str) -> tuple[list[int], list[int]]:
        """Ids before and after the placeholder."""
        ids = self.text_ids(turn)
        assert ids.count(self.audio_token_id) == 1, "a turn has one audio placeholder"
        place = ids.index(self.audio_token_id)
        return ids[:place], ids[place + 1 :]

    def _id_of(self, token: str) -> int:
        found = self.tokenizer.get_added_vocab().get(token)
        if found is None:
            name = cast(str, getattr(self.tokenizer, "name_or_path", "")) or "this model"
            raise ModelNotFoundError(
                f"the tokenizer of {name} has no token {token}: give {HUB_NAME} "
                f"(revision {HUB_REVISION}) or a model of its kind"
            )
        return found

    def _add_control_tokens(self) -> None:
        """Next to the last id: the vocabulary of the model is larger than that of its tokenizer."""
        names = [CONTROL_TOKENS[task] for task in TASKS]
        taken = {index for name, index in self.tokenizer.get_vocab().items() if name not in names}
        self.tokenizer.add_tokens(names, special_tokens=True)  # pyright: ignore[reportUnknownMemberType]
        self.control_token_ids = {task: self._id_of(name) for task, name in zip(TASKS, names, strict=True)}
        assert taken.isdisjoint(self.control_token_ids.values()), "two tokens have the same id"
