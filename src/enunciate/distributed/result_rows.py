"""Results as a table of Arrow: the form in which they go from workers to the folder of parts.

Its columns are those of the level `utterances`, and `row`, all of a result as JSON. Workers make it, each of
its own clips, so that the one process that writes results has nothing to parse.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from enunciate.exports.columns import Column
from enunciate.exports.level import Level
from enunciate.exports.levels import columns_of, rows_of
from enunciate.exports.parquet import arrow_table
from enunciate.manifest import Row

ROW_COLUMN = "row"
COLUMNS = (*columns_of(Level.UTTERANCES), Column(ROW_COLUMN))


def table_of_results(results: Sequence[Row]) -> Any:
    """Return results as a table of Arrow with a row for each (`pyarrow.Table`).

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    cells = rows_of(Level.UTTERANCES, results)
    rows = [(*row, one.model_dump_json()) for row, one in zip(cells, results, strict=True)]
    return arrow_table(COLUMNS, rows)
