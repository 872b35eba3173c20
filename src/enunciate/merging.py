"""Results of several runs, such as the shares of several machines, as the results of one.

Rows are copied as they are, and only their places are kept in memory, so that millions of them can be merged.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from enunciate.errors import OutputError
from enunciate.manifest import RunCounts
from enunciate.storage import writing_to


@dataclass(frozen=True)
class _Place:
    """Where a row stands: in which file, and at which byte."""

    file: int
    offset: int


def merge_rows(parts: Sequence[Path], out: Path, ids: Iterable[str] | None = None) -> RunCounts:
    """Write the rows of all parts to one file of rows, whole or not at all.

    Args:
        parts: Files of rows that `enunciate assess` wrote.
        out: The file to write; none of the parts.
        ids: The ids of the clips, which then must all have a row; the rows get their order. By default the
            rows keep the order of the parts.

    Raises:
        OutputError: A part cannot be read or has a row that was cut off; a clip has two rows, none, or is not
            one of those given; or two models made the rows.
    """
    if out.resolve() in [part.resolve() for part in parts]:
        raise OutputError(f"{out} is one of the parts: give another --out")
    places: dict[str, _Place] = {}
    models: dict[str, Path] = {}
    n_failed = 0
    for number, part in enumerate(parts):
        for offset, row in _rows(part):
            if row["id"] in places:
                first = parts[places[row["id"]].file]
                raise OutputError(f"{row['id']} has two rows, in {first} and in {part}: delete one of them")
            places[row["id"]] = _Place(number, offset)
            n_failed += "error" in row
            models.setdefault(row.get("model", ""), part)
    _check_one_model(models)
    order = list(places) if ids is None else _checked_order(list(ids), places)
    with writing_to(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        _copy(parts, [places[id] for id in order], out)
    return RunCounts(n_clips=len(order), n_kept=len(order), n_failed=n_failed)


def _rows(part: Path) -> Iterable[tuple[int, dict[str, Any]]]:
    """Yield each row of a file with the byte at which it starts."""
    offset = 0
    try:
        with part.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                row = _parsed(line)
                if row is None:
                    raise OutputError(
                        f"{part}, line {number} is not a whole row of results: rerun the command that wrote "
                        "this file, which resumes, and merge again"
                    )
                yield offset, row
                offset += len(line)
    except OSError as error:
        raise OutputError(f"{part} cannot be read ({error.strerror}): give files of rows") from None


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        parsed = json.loads(line)
    except ValueError:
        return None
    row = cast("dict[str, Any]", parsed) if isinstance(parsed, dict) else {}
    whole = "id" in row and ("model" in row or "error" in row)
    return row if whole and line.endswith(b"\n") else None


def _check_one_model(models: dict[str, Path]) -> None:
    named = [(model, part) for model, part in models.items() if model]
    if len(named) > 1:
        (a, part_a), (b, part_b) = named[:2]
        raise OutputError(f"{part_a} was made by {a}, and {part_b} by {b}: merge the rows of one model")


def _checked_order(ids: list[str], places: dict[str, _Place]) -> list[str]:
    missing = [id for id in ids if id not in places]
    if missing:
        raise OutputError(
            f"{len(missing):,} of {len(ids):,} clips have no row, such as {missing[0]}: a share is not done"
        )
    others = places.keys() - set(ids)
    if others:
        raise OutputError(f"{len(others):,} rows are of other clips, such as {min(others)}: see --manifest")
    return ids


def _copy(parts: Sequence[Path], places: Sequence[_Place], out: Path) -> None:
    partial = out.with_name(out.name + ".partial")
    files: list[BinaryIO] = [part.open("rb") for part in parts]
    try:
        with partial.open("wb") as rows:
            for place in places:
                files[place.file].seek(place.offset)
                rows.write(files[place.file].readline())
    finally:
        for file in files:
            file.close()
    partial.replace(out)
