"""Ways to read something aloud, and how they combine: words with single spaces between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heappop, heappush

MOST = 24
"""Readings of one token; the usual ones come first, so that the oddest are left out."""


def distinct(readings: Iterable[str]) -> list[str]:
    """Drop repeats and empty readings, and keep the order."""
    return list(dict.fromkeys(reading for reading in readings if reading))


def in_turn(*lists: Sequence[str]) -> list[str]:
    """Merge lists of readings: the first of each, then the second of each, and so on."""
    longest = max(map(len, lists), default=0)
    return distinct(one[index] for index in range(longest) for one in lists if index < len(one))


def joined(*parts: str | Sequence[str]) -> list[str]:
    """Combine the readings of the parts of a token, those with the most usual parts first.

    An empty string is a part that is not said.

    >>> joined(["three", "tree"], "dollars", ["and fifty cents", "fifty"])[:3]
    ['three dollars and fifty cents', 'three dollars fifty', 'tree dollars and fifty cents']
    """
    choices = [[part] if isinstance(part, str) else part for part in parts]
    if not all(choices):
        return []
    found: list[str] = []
    waiting = [(0, (0,) * len(choices), 0)]  # the sum of the ranks, the ranks, and the part to vary next
    while waiting and len(found) < 2 * MOST:
        total, ranks, varied = heappop(waiting)
        chosen = [options[rank] for options, rank in zip(choices, ranks, strict=True)]
        found.append(" ".join(text for text in chosen if text))
        for part in range(varied, len(choices)):
            if ranks[part] + 1 < len(choices[part]):
                heappush(waiting, (total + 1, (*ranks[:part], ranks[part] + 1, *ranks[part + 1 :]), part))
    return distinct(found)
