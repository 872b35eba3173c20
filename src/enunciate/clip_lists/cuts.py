"""Cuts of lhotse, as `CutSet.to_file("cuts.jsonl.gz")` writes them: JSON lines, perhaps compressed.

    {"id": "ada-1", "start": 0, "duration": 2.9, "channel": 0, "type": "MonoCut",
     "supervisions": [{"id": "ada-1", "text": "I think so.", "speaker": "ada", ...}],
     "recording": {"id": "ada-1", "sources": [{"type": "file", "channels": [0], "source": "ada/1.wav"}],
                   "sampling_rate": 16000, "num_samples": 46400, "duration": 2.9}}

As in lhotse, a path is relative to the working directory. A cut must be the whole of a recording in one file.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from enunciate.clip_lists.entry import with_unique_ids
from enunciate.errors import ManifestError
from enunciate.schema import Utterance

TOLERANCE_S = 0.02
"""Durations are rounded in manifests."""
_REMEDY = "save its audio with CutSet.save_audios first"


def is_cuts(path: Path) -> bool:
    """Whether the first line of a file is a cut; a file that cannot be read is none."""
    try:
        _, line = next(_lines(path))
        row = json.loads(line)
    except (OSError, ValueError, EOFError, StopIteration):
        return False
    return isinstance(row, dict) and "supervisions" in row and ("recording" in row or "type" in row)


def read_cuts(path: Path) -> list[Utterance]:
    """Read and check a whole file of cuts; a cut without a text has no reference text.

    Raises:
        ManifestError: It cannot be read, or has a cut that is wrong, whose line the message tells.
    """
    try:
        return with_unique_ids(
            path, ((number, _utterance(path, number, line)) for number, line in _lines(path))
        )
    except (OSError, UnicodeDecodeError, EOFError) as error:
        raise ManifestError(f"manifest {path} cannot be read ({error})") from None


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    is_compressed = path.suffix == ".gz"
    with gzip.open(path, "rt", encoding="utf-8") if is_compressed else path.open(encoding="utf-8") as lines:
        yield from ((number, line) for number, line in enumerate(lines, start=1) if line.strip())


def _utterance(path: Path, number: int, line: str) -> Utterance:
    try:
        cut = json.loads(line)
        texts = [part["text"].strip() for part in cut["supervisions"] if part.get("text")]
        return Utterance(id=cut["id"], audio=_whole_file(cut), text=" ".join(texts) or None)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise ManifestError(f"{path}, line {number} is not a cut that can be assessed: {reason}") from None


def _whole_file(cut: dict[str, Any]) -> Path:
    """Return the file of a cut.

    Raises:
        ValueError: The cut is not the whole of a file.
    """
    kind = cut.get("type", "MonoCut")
    recording = cut.get("recording")
    if kind != "MonoCut" or recording is None:
        raise ValueError(f"it is a {kind} without one recording: {_REMEDY}")
    source, *others = recording["sources"]
    if source["type"] != "file" or others:
        raise ValueError(f"its recording is not one file: {_REMEDY}")
    is_whole = cut.get("start", 0) < TOLERANCE_S and recording["duration"] - cut["duration"] < TOLERANCE_S
    if not is_whole:
        raise ValueError(f"it is a part of its recording: {_REMEDY}")
    return Path(source["source"])
