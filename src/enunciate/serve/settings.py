"""What an operator sets."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field

from enunciate.audio import MAX_DURATION_S


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
    """How long a request's body may take to come, a clip may wait, and may then run: each of the three."""
    max_bytes: int = 10_000_000
    """Of a request, after base64 is undone."""
    max_s: float = MAX_DURATION_S
    """Of a clip."""
    max_batch: int = 32
    """Clips in one request."""
    grace_s: float = 30.0
    """How long requests may go on after SIGTERM."""
    key_hashes: frozenset[str] = frozenset()
    """SHA-256 of each API key, in hexadecimal; without any, no key is asked for."""
    origins: tuple[str, ...] = ()
    """Other sites whose pages may call the service."""

    @property
    def places(self) -> int:
        """Clips that may be in the service at once."""
        return self.workers + self.queue
