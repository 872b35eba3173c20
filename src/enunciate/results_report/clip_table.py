"""A table of results as columns of numbers, read by DuckDB, which reads only the columns that are needed.

Results are what `enunciate assess` writes at the level of utterances: one file, or the parts of a folder.
A table of human labels and one of phones may be given with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from enunciate.corpus.label_rows import JSON_LINES_SUFFIXES
from enunciate.errors import OutputError, needing
from enunciate.exports.level import Level
from enunciate.exports.levels import columns_of
from enunciate.metrics.correlation import FloatArray
from enunciate.schema import ASPECTS

SUFFIXES = (".parquet", ".csv", ".tsv")
MEMORY = "1GB"
"""The memory that DuckDB may use before it spills to disk."""
_LABELS = (*ASPECTS, "age")
_NAMES = ("speaker", "gender", "first_language")
_OF_RUN = ("duration_s", "n_words", "n_phones", "phones_per_s", "snr_db")
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Divided:
    """The clips divided by a text, such as the first language.

    Attributes:
        names: The texts that occur; None, the last, where there is none.
        codes: For each clip, the place of its text in `names`; shape (N,).
    """

    names: Sequence[str | None]
    codes: Codes


def is_table(path: Path) -> bool:
    """Whether a path is a table of results, and not a folder that `enunciate evaluate` wrote."""
    return path.suffix.lower() in SUFFIXES if path.is_file() else bool(_parts(path))


def _parts(path: Path) -> list[Path]:
    return sorted(path.glob("*.parquet"))


class ClipTable:
    """The results of a system.

    Args:
        name: How the report calls the system.
        results: A file, or a folder of parts in Parquet.
        labels: A table with a column `id` or `audio`, and columns as in docs/corpora.md.
        phones: The same results at the level of phones.

    Raises:
        OutputError: A table cannot be read, lacks a column, or has a clip twice.
        MissingExtraError: duckdb is not installed.
    """

    def __init__(
        self, name: str, results: Path, labels: Path | None = None, phones: Path | None = None
    ) -> None:
        self.name = name
        with needing("report"):
            duckdb: Any = import_module("duckdb")
        self._database: Any = duckdb.connect(config={"memory_limit": MEMORY})
        self._error: Any = duckdb.Error
        self._open("results", results, [column.name for column in columns_of(Level.UTTERANCES)])
        self.has_phones = phones is not None
        if phones is not None:
            self._open("phones", phones, ["phone", "heard", "score", "mispronounced"])
        self._labelled = self._open_labels(labels) if labels is not None else frozenset[str]()
        self._check_unique("results", results)

    def _open(self, view: str, path: Path, needed: Sequence[str]) -> list[str]:
        """Make a table available to queries, and return its columns."""
        files = [str(one) for one in (_parts(path) if path.is_dir() else [path])]
        try:
            if files and files[0].endswith(".parquet"):
                table = self._database.read_parquet(files)
            elif path.suffix.lower() in JSON_LINES_SUFFIXES:
                table = self._database.read_json(files[0], format="newline_delimited")
            else:
                table = self._database.read_csv(files[0], header=True, all_varchar=True)
            table.create_view(view)
            columns = cast("list[str]", table.columns)
        except (self._error, IndexError) as error:
            raise OutputError(f"{path} cannot be read as a table ({error})") from None
        missing = [column for column in needed if column not in columns]
        if missing:
            level = Level.PHONES if view == "phones" else Level.UTTERANCES
            raise OutputError(
                f"{path} has no column '{missing[0]}': give results that `enunciate assess` or `enunciate "
                f"merge` wrote with `--level {level}`, in Parquet or CSV"
            )
        return columns

    def _open_labels(self, path: Path) -> frozenset[str]:
        columns = self._open("given", path, [])
        key = next((name for name in ("id", "audio") if name in columns), None)
        if key is None:
            raise OutputError(f"{path} has neither a column 'id' nor 'audio', to find the clips by")
        self._database.execute(f"CREATE VIEW labels AS SELECT CAST({key} AS VARCHAR) AS key, * FROM given")
        self._check_unique("labels", path, "key")
        return frozenset(columns) & {*_LABELS, *_NAMES}

    def _check_unique(self, view: str, path: Path, key: str = "id") -> None:
        ((n, n_different),) = self.rows(f"SELECT count(*), count(DISTINCT {key}) FROM {view}")
        if n == 0:
            raise OutputError(f"{path} has no rows")
        if n != n_different:
            raise OutputError(
                f"{path} has {n - n_different} rows with the id of another: each clip has one row"
            )

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query over the tables `results` and `phones`."""
        return cast("list[tuple[Any, ...]]", self._database.execute(query).fetchall())

    # ------------------------------------------------------------------------------------------- columns

    @cached_property
    def columns(self) -> dict[str, FloatArray]:
        """The columns of the results, and of the labels as `human_...`; shape (N,), NaN where unknown."""
        predicted = [f"{aspect}{end}" for aspect in ASPECTS for end in ("", "_low", "_high")]
        wanted = {name: f"results.{name}" for name in (*predicted, *_OF_RUN)}
        wanted |= {f"human_{name}": f"labels.{name}" for name in _LABELS if name in self._labelled}
        numbers = {name: f"TRY_CAST({column} AS DOUBLE)" for name, column in wanted.items()}
        numbers["failed"] = "CAST(results.failure IS NOT NULL AS DOUBLE)"
        for name in _NAMES:
            if name in self._labelled:
                numbers[f"code_{name}"] = f"dense_rank() OVER (ORDER BY labels.{name})"
        fetched = self._database.execute(
            f"SELECT {', '.join(f'{value} AS {name}' for name, value in numbers.items())} {self._joined()}"
        ).fetchnumpy()
        return {name: np.ma.filled(column, np.nan) for name, column in fetched.items()}

    def _joined(self) -> str:
        joined = " LEFT JOIN labels ON results.id = labels.key" if self._labelled else ""
        return f"FROM results{joined}"

    def divided(self, name: str) -> Divided | None:
        """Divide the clips by a text of the labels; None where the labels have no such column."""
        codes = self.columns.get(f"code_{name}")
        if codes is None:
            return None
        names = self.rows(f"SELECT DISTINCT labels.{name} AS name {self._joined()} ORDER BY name")
        return Divided([one[0] for one in names], codes.astype(np.int64) - 1)

    @property
    def is_labelled(self) -> bool:
        """Whether people's scores are known of any aspect."""
        return any(aspect in self._labelled for aspect in ASPECTS)
