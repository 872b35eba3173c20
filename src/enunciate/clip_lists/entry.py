"""One clip of a list, and what is checked in every kind of list."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, field_validator

from enunciate.clip_lists.given_phones import words_with_phones
from enunciate.errors import ManifestError, PronunciationError
from enunciate.schema import FrozenModel, Utterance


class ClipEntry(FrozenModel):
    """One line of a list."""

    audio: Annotated[str, Field(min_length=1)]
    """Relative to the folder of the list."""
    text: str | None = None
    id: Annotated[str, Field(min_length=1)] | None = None
    """Unique in the list; `audio`, as it is written in the line, if it is not given."""
    phones: str | None = None
    """The canonical phones (`given_phones`), in place of those that `text` is read with."""

    @field_validator("phones")
    @classmethod
    def _check_phones(cls, cell: str | None) -> str | None:
        try:
            if cell is not None:
                words_with_phones(cell, None)
        except PronunciationError as error:
            raise ValueError(str(error)) from None
        return cell

    def utterance(self, folder: Path) -> Utterance:
        """Return the clip as an utterance, its path below the folder of the list."""
        words = None if self.phones is None else words_with_phones(self.phones, self.text)
        return Utterance(id=self.id or self.audio, audio=folder / self.audio, text=self.text, words=words)


def read_text_file(path: Path) -> str:
    """Return the text of a list; a byte order mark, which Excel writes, is dropped.

    Raises:
        ManifestError: It cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ManifestError(f"there is no file {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError(f"manifest {path} cannot be read ({error}): give a UTF-8 text file") from None


def with_unique_ids(path: Path, numbered: Iterable[tuple[int, Utterance]]) -> list[Utterance]:
    """Return the utterances of a list, given with their line numbers.

    Raises:
        ManifestError: Two lines have the same id; the message tells their numbers.
    """
    first_line: dict[str, int] = {}
    utterances: list[Utterance] = []
    for number, utterance in numbered:
        if utterance.id in first_line:
            raise ManifestError(
                f"{path}, lines {first_line[utterance.id]} and {number} have the same id "
                f"'{utterance.id}': give each line an \"id\" of its own"
            )
        first_line[utterance.id] = number
        utterances.append(utterance)
    return utterances


def first_problem(error: ValidationError) -> str:
    """Return the first problem of an entry, with the key that it concerns."""
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "missing":
        return f"'{key}' is missing"
    return f"{key + ': ' if key else ''}{first['msg']}"
