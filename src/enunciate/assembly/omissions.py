"""When a word of the reference text counts as omitted, for engines that recognise phones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def omitted_by_recognition(heard: Iterable[Sequence[str]]) -> bool:
    """Whether a word was omitted, given the symbols heard in the place of each of its phones: none at all."""
    return not any(heard)
