"""A gate in a folder, at which a test holds the clips of another process, and sees that they are running."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from pathlib import Path

LIMIT_S = 120.0
"""Generous, because a limit that is reached means a failure, on however busy a machine."""


def wait_until(true: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + LIMIT_S
    while not true():
        assert time.monotonic() < end, f"never happened: {what}"
        time.sleep(0.005)


class Gate:
    """Numbers the clips that reach it from 1, and lets them pass one by one or all at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def hold(self, *, forever: bool = False) -> None:
        """Called in the worker: note that a clip is here, and wait until it may pass."""
        for number in itertools.count(1):
            try:
                (self.folder / f"held-{number}").touch(exist_ok=False)
                break
            except FileExistsError:
                continue
        ways = (self.folder / "open", self.folder / f"open-{number}")
        wait_until(lambda: not forever and any(way.exists() for way in ways), "the gate opens")

    def n_held(self) -> int:
        """The number of clips that have reached the gate so far."""
        return len(list(self.folder.glob("held-*")))

    def wait_held(self, count: int = 1) -> None:
        wait_until(lambda: self.n_held() >= count, f"{count} clips are running")

    def open(self, number: int | None = None) -> None:
        """Let a clip pass, or all that are here and all that follow."""
        (self.folder / ("open" if number is None else f"open-{number}")).touch()

    def reset(self) -> None:
        """Close it, and number from 1 again."""
        for path in self.folder.iterdir():
            path.unlink()
