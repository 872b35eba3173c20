"""A table of clips: CSV or TSV with the column `audio` and, where there are any, `text`, `id` and `phones`.

    audio,text,id
    clips/ada.wav,"I think so, too.",ada-1

`audio` is relative to the folder of the table. A cell of a CSV table may be in quotes. Quotes in a TSV table
are part of the text, as in the tables of Common Voice, since texts contain quotes but no tabs.
"""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from pydantic import ValidationError

from enunciate.clip_lists.entry import ClipEntry, first_problem, read_text_file, with_unique_ids
from enunciate.errors import ManifestError
from enunciate.schema import Utterance

logger = logging.getLogger(__name__)

TABLE_SUFFIXES = (".csv", ".tsv")
_COLUMNS = tuple(ClipEntry.model_fields)


@dataclass(frozen=True)
class TableRow:
    """The cells of a row that are not empty, by column, and the number of its last line in the file."""

    line: int
    cells: dict[str, str]


def read_table(path: Path) -> list[Utterance]:
    """Read and check a whole table; other columns than those of a clip are ignored, with a warning.

    Raises:
        ManifestError: It cannot be read, lacks the column `audio`, has no rows, or has a row that is wrong,
            whose line the message tells.
    """
    columns, rows = read_rows(path)
    unused = [column for column in columns if column not in _COLUMNS]
    if unused:
        logger.warning("%s: columns that are not used: %s", path, ", ".join(unused))
    return with_unique_ids(path, ((row.line, _utterance(path, row)) for row in rows))


def read_rows(path: Path) -> tuple[list[str], list[TableRow]]:
    """Return the columns of a CSV or TSV file and its rows; empty lines are skipped.

    Raises:
        ManifestError: It cannot be read, lacks the column `audio`, has no rows, or has a row with more or
            fewer cells than there are columns.
    """
    lines = StringIO(read_text_file(path), newline="")
    tabs = path.suffix.lower() == ".tsv"
    reader = csv.reader(
        lines, delimiter="\t" if tabs else ",", quoting=csv.QUOTE_NONE if tabs else csv.QUOTE_MINIMAL
    )
    try:
        columns = [column.strip() for column in next(reader, list[str]())]
        if "audio" not in columns:
            raise ManifestError(
                f"{path}, line 1 has no column 'audio': let the first line name the columns, such as "
                + ("\t" if tabs else ",").join(_COLUMNS)
            )
        numbered = ((reader.line_num, cells) for cells in reader)
        rows = list(_rows(path, numbered, columns))
    except csv.Error as error:
        raise ManifestError(
            f"{path} is not a table ({error}): write it as CSV, or as TSV in a .tsv file"
        ) from None
    if not rows:
        raise ManifestError(f"{path} has no clips: write a line for each below the names of the columns")
    return columns, rows


def _rows(path: Path, numbered: Iterable[tuple[int, list[str]]], columns: list[str]) -> Iterator[TableRow]:
    for line, cells in numbered:
        if not any(cells):
            continue
        if len(cells) != len(columns):
            raise ManifestError(
                f"{path}, line {line}: {len(cells)} cells for {len(columns)} columns. Put a cell with "
                "a comma into quotes"
            )
        yield TableRow(line, {column: cell for column, cell in zip(columns, cells, strict=True) if cell})


def _utterance(path: Path, row: TableRow) -> Utterance:
    fields = {column: cell for column, cell in row.cells.items() if column in _COLUMNS}
    try:
        return ClipEntry.model_validate(fields).utterance(path.parent)
    except ValidationError as error:
        raise ManifestError(f"{path}, line {row.line}: {first_problem(error)}") from None
