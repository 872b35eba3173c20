"""The names of the systems of a report: those that a user gives, else the ends of the paths."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from enunciate.errors import OutputError


def named_paths(given: Sequence[str]) -> dict[str, Path]:
    """Return the paths by the names of their systems, in the order given.

    Args:
        given: A path, or `NAME=PATH`. A path whose own name has an equals sign stays a path if it exists.

    Raises:
        OutputError: Two systems have the same name, or a path is given twice.
    """
    split = [_split(one) for one in given]
    own = iter(_ends([path.resolve() for name, path in split if not name]))
    named: dict[str, Path] = {}
    for name, path in split:
        shown = name or next(own)
        if shown in named:
            raise OutputError(f"two systems have the name {shown}: give each its own, as NAME=PATH")
        named[shown] = path
    return named


def _split(given: str) -> tuple[str, Path]:
    name, equals, path = given.partition("=")
    if not equals or not name or Path(given).exists():
        return "", Path(given)
    return name, Path(path)


def _ends(paths: Sequence[Path]) -> list[str]:
    """Return the last part of each path, with as many parts before it as are needed to tell them apart."""
    for length in range(1, max((len(path.parts) for path in paths), default=0) + 1):
        names = ["/".join(path.parts[-length:]) for path in paths]
        if len(set(names)) == len(names):
            return names
    if not paths:
        return []
    raise OutputError("a system is given twice: give each once")
