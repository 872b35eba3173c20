"""What an operator sets."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field

from enunciate.audio import MAX_DURATION_S

MAX_BATCH = 32
_MAX_HELD_BODIES = 32
"""Of the largest that are allowed; of usual ones, hundreds fit."""


def available_cores() -> int:
    """Processor cores that this process may use, where the system says."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


@dataclass(frozen=True)
class Settings:
    """Of one application; the defaults are those of `enunciate serve`."""

    model: str = "pocket"
    workers: int = field(default_factory=available_cores)
    queue: int = 32
    """Clips that may wait beyond those that the workers have."""
    timeout_s: float = 30.0
    """How long a clip may wait, and how long it may then run."""
    max_bytes: int = 10_000_000
    """Of a request's audio, after base64 is undone."""
    max_s: float = MAX_DURATION_S
    """Of a clip."""
    grace_s: float = 30.0
    """How long requests may go on after a signal to stop."""
    key_hashes: frozenset[str] = frozenset()
    """SHA-256 of each API key, in hexadecimal; without any, no key is asked for."""
    origins: tuple[str, ...] = ()
    """Other sites whose pages may call the service."""

    @property
    def places(self) -> int:
        """Clips that may wait or run at once."""
        return self.workers + self.queue

    @property
    def max_batch(self) -> int:
        """Clips in one request."""
        return min(MAX_BATCH, self.places)

    @property
    def max_held_bytes(self) -> int:
        """Of all requests' bodies together."""
        return _MAX_HELD_BODIES * self.max_bytes

    @property
    def upload_s(self) -> float:
        """How long a request's body may take: some clients send a clip while it is being spoken."""
        return self.max_s + self.timeout_s
