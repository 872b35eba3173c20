"""A list of clips of any kind, and one made of paths."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from enunciate.clip_lists.cuts import is_cuts, read_cuts
from enunciate.clip_lists.folder import read_folder
from enunciate.clip_lists.json_lines import read_json_lines
from enunciate.clip_lists.parquet_list import read_parquet
from enunciate.clip_lists.parquet_rows import PARQUET_SUFFIX
from enunciate.clip_lists.table import TABLE_SUFFIXES, read_table
from enunciate.schema import Utterance


def read_clips(path: Path) -> list[Utterance]:
    """Read a folder of clips, a table (.csv, .tsv or .parquet), cuts of lhotse, or else JSON lines.

    Raises:
        ManifestError: It cannot be read, has no clips, or is wrong in a line, whose number the message tells.
    """
    if path.is_dir():
        return read_folder(path)
    if path.suffix.lower() == PARQUET_SUFFIX:
        return read_parquet(path)
    if path.suffix.lower() in TABLE_SUFFIXES:
        return read_table(path)
    return read_cuts(path) if is_cuts(path) else read_json_lines(path)


def utterances_from(paths: Sequence[Path], text: str | None) -> list[Utterance]:
    """Make an utterance of each clip and of each clip in a folder; repeated paths are dropped.

    Args:
        paths: Clips, whose ids are their paths, and folders, whose clips have ids that begin with the folder.
        text: The reference text of all clips but those in folders that have a text beside them.

    Raises:
        ManifestError: A folder has no clips.
    """
    found: dict[str, Utterance] = {}
    for path in paths:
        clips = read_folder(path, text) if path.is_dir() else [Utterance(id=str(path), audio=path, text=text)]
        found |= {str(clip.audio): clip.model_copy(update={"id": str(clip.audio)}) for clip in clips}
    return list(found.values())
