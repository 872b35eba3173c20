"""The tiers of a TextGrid that annotators made with Praat. Needs: pip install 'enunciate[eval]'."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from enunciate.errors import CorpusError, needing


@dataclass(frozen=True)
class Labelled:
    """An interval of a tier with its label, without spaces around it."""

    start_s: float
    end_s: float
    label: str

    @property
    def middle_s(self) -> float:
        """The time between start and end."""
        return (self.start_s + self.end_s) / 2


def read_tiers(path: Path) -> dict[str, list[Labelled]]:
    """Return the intervals of each tier by its name in lower case, those without a label, too.

    Raises:
        CorpusError: It cannot be read.
        MissingExtraError: praatio is not installed.
    """
    with needing("eval"):
        textgrid: Any = import_module("praatio.textgrid")
    try:
        grid = textgrid.openTextgrid(
            str(path), includeEmptyIntervals=True, reportingMode="silence", duplicateNamesMode="rename"
        )
        return {
            str(name).strip().lower(): [
                Labelled(start_s, end_s, label.strip())
                for start_s, end_s, label in grid.getTier(name).entries
            ]
            for name in grid.tierNames
        }
    except Exception as error:  # a broken file makes the parser raise whatever it stumbles over
        raise CorpusError(f"{path} is not a TextGrid ({error!r})") from None


def word_at(words: list[Labelled], time_s: float) -> int | None:
    """Return the index of the word at a time; None in a silence."""
    return next((i for i, word in enumerate(words) if word.start_s <= time_s < word.end_s), None)
