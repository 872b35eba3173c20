"""The rows of a table of one's own, however it is written: CSV, TSV, JSON lines or Parquet.

Lists of clips are read from the same four (`clip_lists.read`). Cells are text, whatever their type in the
file, so that all that is checked of a cell is checked in one place (`label_table`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from enunciate.clip_lists.entry import read_text_file
from enunciate.clip_lists.parquet_rows import PARQUET_SUFFIX, parquet_rows
from enunciate.clip_lists.table import TABLE_SUFFIXES, read_rows
from enunciate.errors import ManifestError

JSON_LINES_SUFFIXES = (".jsonl", ".ndjson")
LABEL_SUFFIXES = (*TABLE_SUFFIXES, *JSON_LINES_SUFFIXES, PARQUET_SUFFIX)


@dataclass(frozen=True)
class LabelRow:
    """A row of a table.

    Attributes:
        place: Where it is in the file, such as "line 3".
        cells: What it says, by column, without cells that are empty.
        content: The clip itself, which a table in Parquet may hold.
    """

    place: str
    cells: dict[str, str]
    content: bytes | None = None


@dataclass(frozen=True)
class LabelRows:
    """The rows of a table, and its columns with the place of each."""

    columns: dict[str, str] = field(default_factory=dict[str, str])
    rows: list[LabelRow] = field(default_factory=list[LabelRow])


def read_label_rows(path: Path) -> LabelRows:
    """Read a table: .csv, .tsv, .parquet, or else JSON lines, with a line such as this for each clip.

        {"audio": "a.wav", "text": "I think so", "speaker": "ada", "total": 6.5}

    Raises:
        ManifestError: It cannot be read, lacks the column `audio`, has no rows, or has one that is not of
            its form, whose place the message tells.
        MissingExtraError: It is Parquet, and pyarrow is not installed.
    """
    suffix = path.suffix.lower()
    if suffix in TABLE_SUFFIXES:
        columns, rows = read_rows(path)
        return LabelRows(
            dict.fromkeys(columns, "line 1"), [LabelRow(f"line {row.line}", row.cells) for row in rows]
        )
    if suffix == PARQUET_SUFFIX:
        table = _table(path, enumerate(parquet_rows([path]), start=1), "row")
    else:
        table = _table(path, _json_lines(path), "line")
    if not table.rows:
        raise ManifestError(f"{path} has no clips")
    if "audio" not in table.columns:
        raise ManifestError(f"{path} has no column 'audio': its columns are {', '.join(table.columns)}")
    return table


def _json_lines(path: Path) -> Iterable[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(read_text_file(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise ManifestError(
                f"{path}, line {number} is not JSON ({error}): give JSON lines, or another table with a name "
                f"that ends in {', '.join((*TABLE_SUFFIXES, PARQUET_SUFFIX))}"
            ) from None
        if not isinstance(row, dict):
            raise ManifestError(
                f'{path}, line {number} is not an object of JSON: write {{"audio": "a.wav", "total": 6.5}}'
            )
        yield number, cast("dict[str, Any]", row)


def _table(path: Path, numbered: Iterable[tuple[int, dict[str, Any]]], unit: str) -> LabelRows:
    table = LabelRows()
    for number, row in numbered:
        place = f"{unit} {number}"
        content, values = _without_content(row, place)
        for column in values:
            table.columns.setdefault(column, place)
        cells = {name: _cell(path, place, name, value) for name, value in values.items()}
        table.rows.append(LabelRow(place, {name: cell for name, cell in cells.items() if cell}, content))
    return table


def _without_content(row: dict[str, Any], place: str) -> tuple[bytes | None, dict[str, Any]]:
    """Take the bytes out of a column `audio` as data sets of Hugging Face have it: the clip and its name."""
    audio = row.get("audio")
    if not isinstance(audio, dict):
        return None, row
    inside = cast("dict[str, Any]", audio)
    return inside.get("bytes"), row | {"audio": inside.get("path") or place}


def _cell(path: Path, place: str, name: str, value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return str(value)
    raise ManifestError(
        f"{path}, {place}: '{name}' is {type(value).__name__}, not text or a number: write it as in CSV"
    )
