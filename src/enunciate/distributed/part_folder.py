"""The results of a run in a folder: finished parts in Parquet, and the rows that are not in one yet.

    part-00000.parquet   a row per clip: the columns of the level `utterances`, and `row`, all of it as JSON
    rows.jsonl           the rows since the last part, flushed as they come
    run.json             how they were made

Only one process writes here, the driver, so that no clip can have two rows whatever a worker does.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TextIO

from pydantic import TypeAdapter

from enunciate.distributed.clip_fields import digest_of
from enunciate.distributed.result_rows import COLUMNS, ROW_COLUMN, table_of_results
from enunciate.errors import OutputError, needing
from enunciate.exports.parquet import arrow_schema, write_arrow_tables
from enunciate.manifest import Row
from enunciate.storage import resume_rows, write_whole, writing_to

ROWS_PER_PART = 10_000
_ROW = TypeAdapter[Row](Row)
logger = logging.getLogger(__name__)


class PartFolder:
    """The results of one run, which another process may have begun.

    Args:
        folder: Made if it does not exist.
        identity: How the results are made; those of a folder are all made in the same way.
        rows_per_part: The rows of a part; the last has fewer.

    Attributes:
        done: The digests of the ids that have a row.
        n_failed: How many of these could not be assessed.

    Raises:
        OutputError: The folder belongs to another run, or has a file that is not such a result.
    """

    def __init__(self, folder: Path, identity: str, rows_per_part: int = ROWS_PER_PART) -> None:
        self.folder = folder
        self.rows_per_part = rows_per_part
        self.done: set[bytes] = set()
        self.n_failed = 0
        folder.mkdir(parents=True, exist_ok=True)
        self._check_same_run(identity)
        self._n_parts = 0
        for path in part_files(folder):
            self._n_parts = int(path.stem.removeprefix("part-")) + 1
            for id, failure in _ids_of_part(path):
                self.done.add(digest_of(id))
                self.n_failed += failure is not None
        self._open_path = folder / "rows.jsonl"
        self._waiting: list[Any] = []
        self._file: TextIO = self._open_file()

    def _check_same_run(self, identity: str) -> None:
        path = self.folder / "run.json"
        if not path.exists():
            if part_files(self.folder) or (self.folder / "rows.jsonl").exists():
                raise OutputError(f"{self.folder} has results without a run.json: give another folder")
            write_whole(path, identity)
        elif path.read_text(encoding="utf-8") != identity:
            raise OutputError(
                f"{self.folder} belongs to a different run, {path.read_text(encoding='utf-8')}: "
                "give another folder, or delete this one"
            )

    def _open_file(self) -> TextIO:
        """Take over the open rows of an earlier process, without those of a part that it had just written."""
        earlier = resume_rows(self._open_path, _ROW.validate_json, "a row of results")
        left = [row for row in earlier if digest_of(row.id) not in self.done]
        if len(left) < len(earlier):
            write_whole(self._open_path, "".join(row.model_dump_json() + "\n" for row in left))
        self._keep(table_of_results(left))
        return self._open_path.open("a", encoding="utf-8")

    def add(self, results: Any) -> None:
        """Write a table of `result_rows`; a second row of an id is left out with a warning."""
        new = self._without_known(results)
        self._file.writelines(f"{line}\n" for line in new[ROW_COLUMN].to_pylist())
        self._file.flush()
        self._keep(new)
        if self._n_waiting >= self.rows_per_part:
            self._write_part()

    def _without_known(self, results: Any) -> Any:
        pa: Any = import_module("pyarrow")
        seen: set[str] = set()
        is_new: list[bool] = []
        for id in results["id"].to_pylist():
            is_new.append(id not in seen and digest_of(id) not in self.done)
            seen.add(id)
            if not is_new[-1]:
                logger.warning("%s is in the list twice: the first of its rows is kept", id)
        return results if all(is_new) else results.filter(pa.array(is_new, pa.bool_()))

    def _keep(self, results: Any) -> None:
        self._waiting.append(results)
        self.done.update(digest_of(id) for id in results["id"].to_pylist())
        self.n_failed += results.num_rows - results["failure"].null_count

    @property
    def _n_waiting(self) -> int:
        return sum(table.num_rows for table in self._waiting)

    def _write_part(self) -> None:
        pa: Any = import_module("pyarrow")
        whole = pa.concat_tables(self._waiting)
        write_arrow_tables(arrow_schema(COLUMNS), [whole], self.folder / f"part-{self._n_parts:05}.parquet")
        self._n_parts += 1
        self._waiting.clear()
        self._file.truncate(0)

    def finish(self) -> None:
        """Write the rows that are left as the last part."""
        if self._n_waiting:
            self._write_part()
        self.close()
        self._open_path.unlink()

    def close(self) -> None:
        """Leave the rows as they are, for a later process."""
        self._file.close()


def part_files(folder: Path) -> list[Path]:
    """Return the parts of a folder, in their order."""
    return sorted(folder.glob("part-*.parquet"))


def rows_of_parts(folder: Path) -> Iterator[str]:
    """Yield all rows of a finished run as lines of JSON, one part in memory at a time.

    Raises:
        OutputError: There is no such run, or it is not finished.
    """
    parts = part_files(folder)
    if (folder / "rows.jsonl").exists() or not parts:
        raise OutputError(f"{folder} has no finished run: rerun the command that writes it, which resumes")
    for path in parts:
        yield from _column(path, ROW_COLUMN)


@contextmanager
def unpacked(parts: Sequence[Path], *, beside: Path) -> Generator[list[Path], None, None]:
    """Yield files of rows for files of rows and folders of runs, whose rows are on disk for as long.

    Args:
        parts: Files of JSON lines, which stay as they are, and folders.
        beside: The place of the unpacked rows: in the folder of this path.

    Raises:
        OutputError: A folder has no finished run, or the rows cannot be written.
    """
    with ExitStack() as stack:
        files: list[Path] = []
        for part in parts:
            if part.is_dir():
                stack.enter_context(writing_to(beside.parent))
                beside.parent.mkdir(parents=True, exist_ok=True)
                place = stack.enter_context(TemporaryDirectory(prefix=".unpacked-", dir=beside.parent))
                files.append(Path(place) / f"{part.name}.jsonl")
                with files[-1].open("w", encoding="utf-8") as lines:
                    lines.writelines(f"{line}\n" for line in rows_of_parts(part))
            else:
                files.append(part)
        yield files


def _ids_of_part(path: Path) -> Iterator[tuple[str, str | None]]:
    yield from zip(_column(path, "id"), _column(path, "failure"), strict=True)


def _column(path: Path, name: str) -> list[Any]:
    with needing("parquet"):
        pa: Any = import_module("pyarrow")
        pq: Any = import_module("pyarrow.parquet")
    try:
        return pq.read_table(path, columns=[name]).column(name).to_pylist()
    except (OSError, pa.ArrowInvalid, KeyError) as error:
        raise OutputError(
            f"{path} is not a part of a run ({error}): delete it, or give another folder"
        ) from None
