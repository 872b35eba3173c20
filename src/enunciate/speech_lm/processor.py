"""Text and audio as inputs of a base model: its tokenizer, and the features that it takes.

Each family has a subclass that knows its special tokens and computes its features. Features are computed clip
by clip, so that they cannot depend on the rest of a batch.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Literal, Protocol, cast

from torch import Tensor
from transformers import PreTrainedTokenizerFast

from enunciate.audio import Samples
from enunciate.errors import ModelNotFoundError
from enunciate.speech_lm.audio_geometry import AudioGeometry
from enunciate.speech_lm.decoding.slots import BLANK
from enunciate.speech_lm.options import CONTROL_TOKENS, TASKS, PromptConfig, Task
from enunciate.speech_lm.prompts import TurnFormat, user_turn

_TURNS_KEPT = 64
"""Encoded turns that are kept: without reference text there are two, with it one per clip."""

Control = Literal["text", "special", "none"]


class _Saves(Protocol):
    def save_pretrained(self, folder: Path | str) -> object: ...


class Processor(ABC):
    """Tokenizer and features of a model, with the ids of the special tokens."""

    geometry: AudioGeometry
    """Frames and tokens of a clip."""
    format: TurnFormat
    """The special tokens around a turn."""
    n_mels: int | None = None
    """Bands of `pocket`'s log-mel features, if the model takes these; they can be computed on any device."""
    source: str = "a model of the same family"
    """What error messages advise to use."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast, control: Control = "text") -> None:
        """Wrap a tokenizer that has the special tokens of `format`.

        Args:
            tokenizer: The control tokens are added to it if `control` is "special" and it has none.
            control: As in `PromptConfig`.

        Raises:
            ModelNotFoundError: The tokenizer lacks a special token of the family.
        """
        self.tokenizer = tokenizer
        self.audio_token_id = self._id_of(self.format.audio) if self.format.audio else None
        self.end_token_id = self._id_of(self.format.end)
        self.pad_token_id = self._id_of(self.format.pad)
        self.control_token_ids: dict[Task, int] = {}
        if control == "special":
            self._add_control_tokens()
        self._turns: dict[str, tuple[list[int], list[int]]] = {}

    @abstractmethod
    def features(self, samples: Samples, name: str = "the clip") -> Tensor:
        """Return the features of a clip, float32 of shape (T, M).

        Args:
            samples: (n,) float32 at 16 kHz.
            name: What an error message calls the clip.

        Raises:
            AudioTooLongError: The clip is longer than the model takes.
            AudioTooShortError: The clip is shorter than 25 ms.
        """

    def save(self, folder: Path | str) -> None:
        """Write the files from which the family loads the processor of an adapter."""
        cast(_Saves, self.tokenizer).save_pretrained(folder)

    @property
    def n_ids(self) -> int:
        """One more than the highest id in a prompt: the smallest vocabulary size that a model may have."""
        return max(self.tokenizer.get_vocab().values()) + 1

    @property
    def blank_id(self) -> int:
        """The token that stands for a hidden number."""
        return self.text_ids(BLANK)[-1]

    def task_ids(self, task: Task, prompt: PromptConfig, text: str | None, n_audio_tokens: int) -> list[int]:
        """Return the ids of the user turn that asks for a task; see `prompts.user_turn`."""
        return self.prompt_ids(user_turn(task, prompt, text, self.format), n_audio_tokens)

    def prompt_ids(self, turn: str, n_audio_tokens: int) -> list[int]:
        """Return the ids of a user turn, with the audio placeholder, if any, once per audio token."""
        if turn not in self._turns:
            if len(self._turns) == _TURNS_KEPT:
                self._turns.clear()
            self._turns[turn] = self._encode(turn)
        before, after = self._turns[turn]
        if self.audio_token_id is None:
            return [*before, *after]
        return [*before, *[self.audio_token_id] * n_audio_tokens, *after]

    def answer_ids(self, answer: str) -> list[int]:
        """Return the ids of an answer, with the end token; in an answer nothing is a special token.

        Some tokenizers have a special token `<unk>`, which in an answer is the name of an unclear phone.
        """
        ids = self.tokenizer.encode(answer, add_special_tokens=False, split_special_tokens=True)
        return [*ids, self.end_token_id]

    def text_ids(self, text: str) -> list[int]:
        """Return the ids of a text, without special tokens around it."""
        return self.tokenizer.encode(text, add_special_tokens=False)

    def spelled_ids(self, token: str) -> list[int]:
        """Return the ids that spell a token of its own as ordinary text."""
        return [part for character in token for part in self.text_ids(character)]

    def text_of(self, ids: list[int]) -> str:
        """Return the text of ids, special tokens included."""
        return cast(str, self.tokenizer.decode(ids, clean_up_tokenization_spaces=False))

    def _encode(self, turn: str) -> tuple[list[int], list[int]]:
        """Return the ids before and after the placeholder."""
        ids = self.text_ids(turn)
        if self.audio_token_id is None:
            return ids, []
        assert ids.count(self.audio_token_id) == 1, "a turn has one audio placeholder"
        place = ids.index(self.audio_token_id)
        return ids[:place], ids[place + 1 :]

    def _id_of(self, token: str) -> int:
        token_id = self.tokenizer.get_added_vocab().get(token)
        if token_id is None:
            name = cast(str, getattr(self.tokenizer, "name_or_path", "")) or "this model"
            raise ModelNotFoundError(f"the tokenizer of {name} has no token {token}: give {self.source}")
        return token_id

    def _add_control_tokens(self) -> None:
        """Append the control tokens, whose ids are after all others of the tokenizer."""
        names = [CONTROL_TOKENS[task] for task in TASKS]
        taken = {index for name, index in self.tokenizer.get_vocab().items() if name not in names}
        self.tokenizer.add_tokens(names, special_tokens=True)
        self.control_token_ids = {task: self._id_of(name) for task, name in zip(TASKS, names, strict=True)}
        assert taken.isdisjoint(self.control_token_ids.values()), "two tokens have the same id"
