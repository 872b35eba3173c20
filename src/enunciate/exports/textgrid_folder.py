"""Results as a folder of TextGrids, one per clip."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile
from pathlib import Path, PurePosixPath

from enunciate.exports.textgrid import to_textgrid
from enunciate.manifest import Row
from enunciate.schema import Assessment


def write_textgrids(rows: Callable[[], Iterator[Row]], folder: Path) -> None:
    """Write a TextGrid for each clip that was assessed.

    Args:
        rows: Starts to yield the results from the first, each time that it is called.
        folder: Receives the files, in folders like those of the clips.

    Raises:
        OutputError: The engine gives no times.
    """
    names = textgrid_names([row.id for row in rows() if isinstance(row, Assessment)])
    for row in rows():
        if isinstance(row, Assessment):
            path = folder / names[row.id]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(to_textgrid(row), encoding="utf-8")


def textgrid_names(ids: Iterable[str]) -> dict[str, PurePosixPath]:
    """Return the path of each clip's file: its id without its ending and the folders that all ids share.

    Where that would be the same for several clips (a.wav and a.flac), their files keep the ending
    (a.wav.TextGrid).
    """
    parts = {clip: _parts(clip) for clip in ids}
    n_shared = _n_shared([path[:-1] for path in parts.values()])
    whole = {clip: PurePosixPath(*path[n_shared:]) for clip, path in parts.items()}
    uses = Counter(path.with_suffix("") for path in whole.values())
    return {
        clip: path.with_suffix(".TextGrid")
        if uses[path.with_suffix("")] == 1
        else path.with_name(f"{path.name}.TextGrid")
        for clip, path in whole.items()
    }


def _n_shared(folders: list[list[str]]) -> int:
    """Return how many folders, from the first, all paths share."""
    return sum(1 for _ in takewhile(lambda names: len(set(names)) == 1, zip(*folders, strict=False)))


def _parts(clip: str) -> list[str]:
    """Return the folders and the name in an id, so that no id leads out of the folder."""
    named = [part for part in clip.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return named or ["clip"]
