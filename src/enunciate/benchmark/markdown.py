"""Tables in Markdown, and how a metric is written in them."""

from __future__ import annotations

from collections.abc import Sequence

from enunciate.metrics.bootstrap import Interval

NONE = "-"
"""The cell of a metric that there is not."""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table with a line for each row."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def value(number: float | None, interval: Interval | None) -> str:
    """Return a metric with its interval, as far as they are known."""
    if number is None:
        return NONE
    return f"{number:.3f}" if interval is None else f"{number:.3f} ({interval[0]:.3f} to {interval[1]:.3f})"
