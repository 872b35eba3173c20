"""The accepted pronunciations of the phrases of EpaDB."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_LINE = re.compile(r"(TEXT|TRANSCRIPTION)\s+(\d+)\s*:\s*(.*)")


@dataclass(frozen=True)
class ReferencePhrase:
    """A phrase: its text and its references, each with the phones that are accepted in each place."""

    text: str
    references: tuple[tuple[tuple[str, ...], ...], ...]

    def matched(self, annotated: Sequence[str]) -> list[tuple[str, str]] | None:
        """Pair each annotated phone with the accepted one, by the reference with most phones in common.

        Returns:
            The accepted phone, the first one where the annotated is not accepted, and the annotated; None
            where no reference has so many places.
        """
        fitting = [one for one in self.references if len(one) == len(annotated)]
        if not fitting:
            return None
        best = max(
            fitting, key=lambda one: sum(said in place for said, place in zip(annotated, one, strict=True))
        )
        return [
            (said if said in place else place[0], said) for said, place in zip(annotated, best, strict=True)
        ]


References = dict[str, ReferencePhrase]
"""By the number of the phrase, as it is in the names of the files."""


def read_references(path: Path) -> References:
    """Read `reference_transcriptions.txt`."""
    texts: dict[str, str] = {}
    transcriptions: dict[str, list[tuple[tuple[str, ...], ...]]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        found = _LINE.match(line.strip())
        if found and found[1] == "TEXT":
            texts[found[2]] = found[3]
        elif found:
            places = tuple(tuple(place.split("/")) for place in found[3].split())
            transcriptions.setdefault(found[2], []).append(places)
    return {
        number: ReferencePhrase(text, tuple(transcriptions.get(number, ()))) for number, text in texts.items()
    }
