"""Clips in tars of WebDataset, on a disk or behind a URL of fsspec, read from the front to the end."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from enunciate.distributed.clip_fields import (
    SOUND_KINDS,
    TEXT_KINDS,
    Fields,
    ListPlace,
    fields_of_sample,
)
from enunciate.errors import ManifestError

_KINDS = {*SOUND_KINDS, *TEXT_KINDS, "json"}


def tars(place: ListPlace) -> list[str]:
    """Return the tar that a place is, or those that are in a folder, in the order of their names."""
    path = Path(place.where)
    if place.is_remote or not path.is_dir():
        return [place.where if place.is_remote else str(path.resolve())]
    return [str(tar.resolve()) for tar in sorted(path.iterdir()) if tar.suffix.lower() == ".tar"]


def samples_of_tar(where: str) -> Iterator[Fields]:
    """Yield the samples of a tar; the members of each stand together.

    Raises:
        ManifestError: It cannot be read to its end.
    """
    fsspec: Any = import_module("fsspec")
    key, members = "", dict[str, bytes]()
    try:
        with fsspec.open(where, "rb") as file, tarfile.open(fileobj=file, mode="r|*") as tar:
            for member in tar:
                name, kind = _split(member.name)
                if not member.isfile() or kind not in _KINDS:
                    continue
                if name != key and members:
                    yield fields_of_sample(key, members)
                    members = {}
                content = tar.extractfile(member)
                key, members[kind] = name, content.read() if content else b""
        if members:
            yield fields_of_sample(key, members)
    except (OSError, tarfile.TarError, ValueError) as error:
        raise ManifestError(f"{where} cannot be read as a tar of WebDataset ({error})") from None


def _split(name: str) -> tuple[str, str]:
    """Return the key of a member and the rest of its name: a key goes to the first dot of the last part."""
    folder, slash, last = name.rpartition("/")
    key, _, kind = last.partition(".")
    return folder + slash + key, kind.lower()
