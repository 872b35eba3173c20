"""Results as Parquet, for pandas, Polars, DuckDB and Spark. Needs: pip install 'enunciate[parquet]'."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

from enunciate.errors import needing
from enunciate.exports.columns import Cell, Column
from enunciate.exports.level import Level
from enunciate.exports.levels import columns_of, rows_of
from enunciate.manifest import Row

ROWS_PER_GROUP = 50_000
"""Rows that are in memory together; readers, too, read one group at a time."""


def write_parquet(rows: Iterable[Row], level: Level, path: Path) -> None:
    """Write results at a level, whole or not at all.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    write_parquet_rows(columns_of(level), rows_of(level, rows), path)


def write_parquet_rows(columns: Sequence[Column], rows: Iterable[tuple[Cell, ...]], path: Path) -> None:
    """Write a table, whole or not at all.

    Args:
        columns: Its columns.
        rows: Its rows, each with a cell for each column.
        path: The file to write.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    with needing("parquet"):
        pa: Any = import_module("pyarrow")  # it has no types
        pq: Any = import_module("pyarrow.parquet")

    schema = pa.schema([(column.name, _type(pa, column)) for column in columns])
    partial = path.with_name(path.name + ".partial")
    with pq.ParquetWriter(partial, schema, compression="zstd") as writer:
        left = iter(rows)
        while group := list(islice(left, ROWS_PER_GROUP)):
            arrays = [
                pa.array([column.as_value(row[index]) for row in group], type=schema.field(index).type)
                for index, column in enumerate(columns)
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
    partial.replace(path)


def _type(pa: Any, column: Column) -> Any:
    types = {"text": pa.string(), "whole": pa.int64(), "number": pa.float64(), "truth": pa.bool_()}
    return types[column.kind]
