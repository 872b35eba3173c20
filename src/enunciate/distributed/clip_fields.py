"""What a row of a list says of a clip, from whatever kind of list: the one form in which clips travel.

id       the clip's id in the results
source   its path or URL, None where the clip is in the list itself
content  the bytes of such a clip, else None
text     the reference text, or None
phones   its canonical phones (`clip_lists.given_phones`), or None
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path, PurePosixPath
from typing import Any, cast

FIELDS = ("id", "source", "content", "text", "phones")
Fields = dict[str, Any]
TEXT_KINDS = ("txt", "lab")
"""Members of a sample of WebDataset that hold its text."""
SOUND_KINDS = ("wav", "flac", "mp3", "ogg", "opus", "m4a", "aac", "webm", "mp4", "aiff", "aif")


def digest_of(id: str) -> bytes:
    """Return 16 bytes that stand for an id, so that the ids of millions of clips fit into memory."""
    return blake2b(id.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def location(folder: str, audio: str) -> str:
    """Return the path or URL of a clip that a list in a folder names, which may be a URL as well."""
    if "://" in audio or Path(audio).is_absolute():
        return audio
    return f"{folder.rstrip('/')}/{audio}"


def fields_of_row(row: Mapping[str, Any], folder: str) -> Fields:
    """Return the fields of a row of a table, whose column `audio` has a path, or bytes and a path."""
    audio = row.get("audio")
    inside = cast("dict[str, Any]", audio) if isinstance(audio, dict) else {"path": audio}
    path, content = inside.get("path"), inside.get("bytes")
    return {
        "id": str(row.get("id") or path or ""),
        "source": location(folder, str(path)) if path and content is None else None,
        "content": content,
        "text": row.get("text"),
        "phones": row.get("phones"),
    }


def fields_of_sample(key: str, members: Mapping[str, bytes]) -> Fields:
    """Return the fields of a sample of WebDataset: members of a tar with the same name up to the first dot.

    Args:
        key: That part of their names, which is the id.
        members: Their contents, by the rest of their names in lower case: the sound under the extension of
            its format, and the text under `txt`, `lab`, or `json` with the keys `text` and `phones`.
    """
    notes = _notes(members.get("json"))
    text = next((members[kind].decode("utf-8").strip() for kind in TEXT_KINDS if kind in members), None)
    return {
        "id": key,
        "source": None,
        "content": next((members[kind] for kind in SOUND_KINDS if kind in members), None),
        "text": notes.get("text") or text,
        "phones": notes.get("phones"),
    }


def _notes(content: bytes | None) -> dict[str, Any]:
    notes: Any = json.loads(content) if content else {}
    return cast("dict[str, Any]", notes) if isinstance(notes, dict) else {}


@dataclass(frozen=True)
class ListPlace:
    """Where a list is: its path or URL, and what kind of list that makes it."""

    where: str

    @property
    def is_remote(self) -> bool:
        """Whether it is a URL."""
        return "://" in self.where

    @property
    def suffix(self) -> str:
        """The ending of its name, in lower case, such as ".tar"; of a folder, that of its first such file."""
        path = Path(self.where)
        if not self.is_remote and path.is_dir():
            found = {one.suffix.lower() for one in path.iterdir()}
            return next((suffix for suffix in (".parquet", ".tar") if suffix in found), "")
        return PurePosixPath(self.where).suffix.lower()

    @property
    def folder(self) -> str:
        """The folder that relative paths of clips begin in."""
        if self.is_remote:
            is_file = bool(PurePosixPath(self.where).suffix)
            return self.where.rpartition("/")[0] if is_file else self.where
        path = Path(self.where).resolve()
        return str(path if path.is_dir() else path.parent)
