"""Metrics that choose the best weights of a run on its dev speakers."""

from __future__ import annotations

from collections.abc import Sequence


def mean_or_none(values: Sequence[float | None]) -> float | None:
    """Return the mean; None if any value is missing, because a mean over fewer values is not comparable."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None
