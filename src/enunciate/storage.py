"""Output files that a stop does not damage: rows from which a run resumes, and files that are replaced whole.

A file of rows is JSON lines, each row an object whose first key is "id". A row is handed to the system as
soon as it is known, so that even a killed run leaves all rows but perhaps the one that it was writing.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO, TypeVar

from pydantic import BaseModel, ValidationError

from enunciate.errors import OutputError

RECIPE_FILE = "recipe.json"
"""The recipe that a trainer saves with its weights, and that running may read."""
_ROW_START = b'{"id":'
_Row = TypeVar("_Row")
logger = logging.getLogger(__name__)


def resume_rows(path: Path, parse: Callable[[bytes], _Row], kind: str) -> list[_Row]:
    """Read the rows of an earlier run, and cut off a last line that it did not finish.

    Args:
        path: The file of rows; it need not exist.
        parse: Turns a line into a row, or raises pydantic's `ValidationError`.
        kind: What a row is, for the error message, such as "a prediction".

    Raises:
        OutputError: A line is not a row; the file is then left as it is.
    """
    if not path.exists():
        return []
    rows: list[_Row] = []
    size = 0
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.endswith(b"\n"):
                _check_row_start(path, line)
                logger.info("%s ends in an unfinished row, which is cut off", path)
                os.truncate(path, size)
                break
            rows.append(_parse(path, number, line, parse, kind))
            size += len(line)
    return rows


def _check_row_start(path: Path, unfinished: bytes) -> None:
    """Refuse to cut a file of the user's that is named by mistake and ends without a newline, too."""
    if unfinished[: len(_ROW_START)] != _ROW_START[: len(unfinished)]:
        raise OutputError(f"{path} does not hold the rows of a run. Give another output file")


def _parse(path: Path, number: int, line: bytes, parse: Callable[[bytes], _Row], kind: str) -> _Row:
    try:
        return parse(line)
    except ValidationError as error:
        raise OutputError(
            f"{path}, line {number} is not {kind} ({error.error_count()} problems, the first: "
            f"{error.errors()[0]['msg']}). Delete the file to start again, or give another"
        ) from error


def append_rows(lines: TextIO, rows: Iterable[BaseModel]) -> None:
    """Write rows and flush them, so that they survive the end of the process."""
    lines.writelines(row.model_dump_json() + "\n" for row in rows)
    lines.flush()


def write_whole(path: Path, text: str) -> None:
    """Write beside the file and rename, so that no reader ever sees half of it."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


@contextmanager
def writing_to(path: Path) -> Generator[None, None, None]:
    """Turn an `OSError` into an `OutputError`.

    Raises:
        OutputError: The system refused to write.
    """
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"cannot write to {path}: {error.strerror or error}. Give another place, or free some space"
        ) from error


def event_log(path: Path) -> Callable[..., None]:
    """Return a function that logs its keyword arguments as JSON and appends the line to a file."""

    def log_event(**fields: object) -> None:
        line = json.dumps({k: round(v, 6) if isinstance(v, float) else v for k, v in fields.items()})
        logger.info("%s", line)
        with path.open("a", encoding="utf-8") as lines:
            lines.write(line + "\n")

    return log_event
