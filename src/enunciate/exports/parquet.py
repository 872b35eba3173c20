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
    columns, left = columns_of(level), rows_of(level, rows)
    groups = iter(lambda: list(islice(left, ROWS_PER_GROUP)), [])
    write_arrow_tables(arrow_schema(columns), (arrow_table(columns, group) for group in groups), path)


def arrow_schema(columns: Sequence[Column]) -> Any:
    """Return the names and types of columns as Arrow has them (`pyarrow.Schema`).

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    with needing("parquet"):
        pa: Any = import_module("pyarrow")  # it has no types
    types = {"text": pa.string(), "whole": pa.int64(), "number": pa.float64(), "truth": pa.bool_()}
    return pa.schema([(column.name, types[column.kind]) for column in columns])


def arrow_table(columns: Sequence[Column], rows: Sequence[tuple[Cell, ...]]) -> Any:
    """Return rows, each with a cell for each column, as a table of Arrow (`pyarrow.Table`).

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    schema = arrow_schema(columns)
    pa: Any = import_module("pyarrow")
    arrays = [
        pa.array([column.as_value(row[index]) for row in rows], type=schema.field(index).type)
        for index, column in enumerate(columns)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def write_arrow_tables(schema: Any, tables: Iterable[Any], path: Path) -> None:
    """Write tables of Arrow with the same schema as one file, whole or not at all; each is a row group.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    with needing("parquet"):
        pq: Any = import_module("pyarrow.parquet")
    partial = path.with_name(path.name + ".partial")
    with pq.ParquetWriter(partial, schema, compression="zstd") as writer:
        for table in tables:
            writer.write_table(table)
    partial.replace(path)
