"""Results as CSV, for a spreadsheet or pandas."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import StringIO
from pathlib import Path
from typing import TextIO

from enunciate.exports.level import Level
from enunciate.exports.levels import columns_of, rows_of
from enunciate.manifest import Row


class CsvTable:
    """A CSV table that is written row by row, below a header.

    id,word_index,word,phone,start_s,end_s,score,low,high,heard,heard_probability,mispronounced,stress,failure
    a.wav,1,think,TH,0.310,0.420,0.40,0.00,1.20,S,0.870,true,,
    """

    def __init__(self, lines: TextIO, level: Level) -> None:
        self._lines = lines
        self._level = level
        self._columns = columns_of(level)
        self._writer = csv.writer(lines, lineterminator="\n")
        self._writer.writerow(column.name for column in self._columns)

    def write(self, row: Row) -> None:
        """Write the rows of one result, and flush them."""
        for cells in rows_of(self._level, [row]):
            self._writer.writerow(
                column.as_text(cell) for column, cell in zip(self._columns, cells, strict=True)
            )
        self._lines.flush()


def to_csv(rows: Iterable[Row], level: Level) -> str:
    """Return the whole table."""
    lines = StringIO()
    table = CsvTable(lines, level)
    for row in rows:
        table.write(row)
    return lines.getvalue()


def write_csv(rows: Iterable[Row], level: Level, path: Path) -> None:
    """Write a table, whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", encoding="utf-8", newline="") as lines:
        table = CsvTable(lines, level)
        for row in rows:
            table.write(row)
    partial.replace(path)
