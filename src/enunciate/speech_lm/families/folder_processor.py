"""A processor whose tokenizer is a file of a checkpoint's folder, or of an adapter's."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol, Self, cast

from transformers import PreTrainedTokenizerFast

from enunciate.errors import ModelNotFoundError
from enunciate.speech_lm.processor import Control, Processor


class _Loads(Protocol):
    def from_pretrained(self, name: str, **where: Any) -> Any: ...


class FolderProcessor(Processor):
    """Tokenizer and features; a subclass computes the features."""

    @classmethod
    def load(cls, folder: Path, n_mels: int | None, control: Control) -> Self:
        """Load the processor of a checkpoint or of an adapter's folder.

        Args:
            folder: With `tokenizer.json`, or with Mistral's `tekken.json`.
            n_mels: The number of mel bands, if the folder does not say, for processors that ask.
            control: As in `PromptConfig`.

        Raises:
            ModelNotFoundError: There is no tokenizer, or it is another model's.
        """
        return cls(load_tokenizer(folder), control=control)


def load_tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    """Load the tokenizer of a folder.

    Raises:
        ModelNotFoundError: There is none.
    """
    try:
        # The class of tokenizer.json itself, whose template of special tokens is not applied. It reads
        # tekken.json as well.
        return cast(_Loads, PreTrainedTokenizerFast).from_pretrained(str(folder))
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ModelNotFoundError(
            f"{folder}: its tokenizer cannot be loaded ({reason}): tokenizer.json is needed"
        ) from error
