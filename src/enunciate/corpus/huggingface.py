"""Speechocean762 from rows of its Hugging Face copy, `mispeech/speechocean762`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from enunciate.clip_lists.parquet_rows import parquet_rows
from enunciate.corpus.problems import Problems
from enunciate.corpus.records import utterance_from_record
from enunciate.corpus.speechocean762 import FIRST_LANGUAGE, Split
from enunciate.errors import CorpusError
from enunciate.schema import Clip, Utterance


def load_huggingface_folder(folder: Path | str, split: Split) -> list[Utterance]:
    """Read a split of the Parquet files of the copy, as they are on the Hub; the clips stay in memory.

    Args:
        folder: The folder that holds `test-00000-of-00001.parquet`, or that of its folder `data`.
        split: The split, or all.

    Raises:
        CorpusError: There are no files of this split, or rows have broken fields.
        ManifestError: A file is not Parquet.
        MissingExtraError: pyarrow is not installed.
    """
    root = Path(folder)
    names = ("train", "test") if split == "all" else (split,)
    files = [
        path
        for name in names
        for path in sorted([*root.glob(f"{name}*.parquet"), *root.glob(f"data/{name}*.parquet")])
    ]
    if not files:
        raise CorpusError(
            f"{root} has no {split}*.parquet, also not in data: give the folder of the copy of "
            "Speechocean762, or, of a table of your own, the file"
        )
    return load_huggingface(parquet_rows(files))


def load_huggingface(rows: Iterable[Mapping[str, Any]]) -> list[Utterance]:
    """Read rows of the Hugging Face copy.

    Args:
        rows: A loaded split, or any mappings with its columns. Cast the column `audio` to
            `Audio(decode=False)` to keep each clip as its encoded bytes; decoded clips are accepted too.

    Raises:
        CorpusError: Some rows have broken fields. The message names all of them.
    """
    problems = Problems()
    utterances = [_utterance(index, row, problems) for index, row in enumerate(rows)]
    problems.raise_if_any("Hugging Face rows")
    return [utterance for utterance in utterances if utterance is not None]


def _utterance(index: int, row: Mapping[str, Any], problems: Problems) -> Utterance | None:
    where = f"row {index}"
    try:
        audio = row["audio"]
        source = str(audio["path"]) if _has(audio, "path") else ""
        content = _content(audio, source)
    except (KeyError, TypeError, ValidationError) as error:
        problems.add(where, f"'audio' holds no bytes, samples or path ({error!r})")
        return None
    fields = {
        "id": Path(source).stem if source else f"{index:06d}",
        "audio": content,
        "text": row.get("text"),
        "speaker": row.get("speaker"),
        "age": row.get("age"),
        "gender": row.get("gender"),
        "first_language": FIRST_LANGUAGE,
    }
    return utterance_from_record(fields, row, where, problems)


def _content(audio: Any, source: str) -> bytes | Clip | Path:
    if _has(audio, "bytes"):
        return audio["bytes"]
    if _has(audio, "array"):
        return Clip(samples=np.asarray(audio["array"]), sample_rate_hz=audio["sampling_rate"])
    if source:
        return Path(source)
    raise KeyError("path")


def _has(audio: Any, key: str) -> bool:
    """Whether a value is there, in a dict or in the decoder object of `datasets`, which has [] only."""
    try:
        return audio[key] is not None
    except KeyError:
        return False
