"""The callback by which a long run reports its progress."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Called with the number of items done and of all items, at the start and after every step."""
