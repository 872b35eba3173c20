"""Whisper's tokens by llguidance, which cuts texts as the tokenizer's own file says and needs no torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from llguidance import LLTokenizer

from enunciate.errors import ModelNotFoundError
from enunciate.speech_lm.decoding.grammar import SLICES
from enunciate.speech_lm.decoding.slots import BLANK
from enunciate.speech_lm.families.whisper.turn import END, START, WHISPER_TASK
from enunciate.speech_lm.options import PromptConfig, Task
from enunciate.speech_lm.prompts import user_turn


class WhisperTokens:
    """The tokens of a `tokenizer.json`."""

    def __init__(self, path: Path, vocabulary: int) -> None:
        """Read the file.

        Args:
            path: The file.
            vocabulary: Size of the model's logits.

        Raises:
            ModelNotFoundError: It cannot be read, or is not Whisper's.
        """
        try:
            text = path.read_text(encoding="utf-8")
            added: list[dict[str, Any]] = json.loads(text)["added_tokens"]
            self._special: dict[str, int] = {token["content"]: token["id"] for token in added}
            self.end_id: int = self._special[END]
            self.start_ids = [self._special[name] for name in START]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelNotFoundError(f"{path}: no tokenizer of a multilingual Whisper ({error})") from error
        self.grammar_tokens = LLTokenizer(text, n_vocab=vocabulary, eos_token=self.end_id, slices=SLICES)

    def text_ids(self, text: str) -> list[int]:
        """Return the ids of a text, without special tokens around it."""
        return self.grammar_tokens.tokenize_str(text)

    def task_ids(self, task: Task, prompt: PromptConfig, text: str | None) -> list[int]:
        """Return the ids of what is said before an answer: the start, and the turn that asks for a task."""
        turn = user_turn(task, prompt, text, WHISPER_TASK)
        return [*self.start_ids, *self.text_ids(turn)]

    @property
    def blank_id(self) -> int:
        """The token that stands for a hidden number."""
        return self.text_ids(BLANK)[-1]

    def bytes_of(self, token: int) -> bytes:
        """Return the bytes that a token adds to the text."""
        return self.grammar_tokens.decode_bytes([token])

    def text_of(self, ids: Sequence[int]) -> str:
        """Return the text of ids, without special tokens."""
        special = set(self._special.values())
        pieces = [self.bytes_of(token) for token in ids if token not in special]
        return b"".join(pieces).decode("utf-8", errors="replace")

    @property
    def special_ids(self) -> list[int]:
        """The ids of all special tokens, times included."""
        return list(self._special.values())
