"""The columns of a table of results, and how a cell is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Cell = str | int | float | bool | None
"""None where the value is not known."""
Kind = Literal["text", "whole", "number", "truth"]


@dataclass(frozen=True)
class Column:
    """A column: its name, what its cells hold, and the decimals of its numbers."""

    name: str
    kind: Kind = "text"
    decimals: int = 0

    def as_text(self, cell: Cell) -> str:
        """Return a cell as CSV has it: numbers with all decimals, `true` or `false`, nothing for None."""
        if cell is None:
            return ""
        if self.kind == "number":
            return f"{cell:.{self.decimals}f}"
        return str(cell).lower() if self.kind == "truth" else str(cell)

    def as_value(self, cell: Cell) -> Cell:
        """Return a cell as a typed file has it: numbers rounded to their decimals."""
        return round(cell, self.decimals) if self.kind == "number" and isinstance(cell, float) else cell


def text(*names: str) -> tuple[Column, ...]:
    """Columns of text."""
    return tuple(Column(name) for name in names)


def whole(*names: str) -> tuple[Column, ...]:
    """Columns of whole numbers."""
    return tuple(Column(name, "whole") for name in names)


def numbers(decimals: int, *names: str) -> tuple[Column, ...]:
    """Columns of numbers with this many decimals."""
    return tuple(Column(name, "number", decimals) for name in names)


def truth(*names: str) -> tuple[Column, ...]:
    """Columns of true and false."""
    return tuple(Column(name, "truth") for name in names)
