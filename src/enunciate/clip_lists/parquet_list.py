"""A list of clips in a Parquet file: the column `audio` and, where there are any, `text`, `id` and `phones`.

`audio` is a path relative to the folder of the file, or what data sets of Hugging Face have: the bytes of the
clip and the name of its file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from enunciate.clip_lists.entry import ClipEntry, first_problem, with_unique_ids
from enunciate.clip_lists.parquet_rows import parquet_rows
from enunciate.errors import ManifestError
from enunciate.schema import Utterance

_COLUMNS = tuple(ClipEntry.model_fields)


def read_parquet(path: Path) -> list[Utterance]:
    """Read and check a whole list; other columns are ignored. Clips in the file itself are held in memory.

    Raises:
        ManifestError: It is not Parquet, has no rows, or has a wrong one, whose number the message tells.
        MissingExtraError: pyarrow is not installed.
    """
    rows = enumerate(parquet_rows([path]), start=1)
    utterances = with_unique_ids(path, ((number, _utterance(path, number, row)) for number, row in rows))
    if not utterances:
        raise ManifestError(f"{path} has no clips")
    return utterances


def _utterance(path: Path, number: int, row: dict[str, Any]) -> Utterance:
    fields = {name: row[name] for name in _COLUMNS if row.get(name) is not None}
    audio = fields.get("audio")
    inside = cast("dict[str, Any]", audio) if isinstance(audio, dict) else {}
    if inside:
        fields["audio"] = inside.get("path") or f"row {number}"
    try:
        clip = ClipEntry.model_validate(fields).utterance(path.parent)
    except ValidationError as error:
        raise ManifestError(f"{path}, row {number}: {first_problem(error)}") from None
    return clip.model_copy(update={"audio": inside["bytes"]}) if inside.get("bytes") else clip
