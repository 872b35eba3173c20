"""The settings of a service."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enunciate.audio import MAX_CLIP_S

if TYPE_CHECKING:
    from enunciate.speech_lm.options import WeightFormat

MAX_BATCH = 32
"""Maximum number of clips in one request."""
_MAX_BODIES_HELD = 32
"""The number of bodies of the maximum size that may be in memory together; hundreds of usual ones fit."""


def available_cores() -> int:
    """Return the number of processor cores that this process may use, where the system tells."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


@dataclass(frozen=True)
class ServiceSettings:
    """The settings of one application; the defaults are those of `enunciate serve`."""

    model: str = "pocket"
    """Name or folder of the engine, as `load_assessor` takes it."""
    weights: WeightFormat = "full"
    """How the engine keeps its weights, as `load_assessor` takes it."""
    compile_layers: bool = False
    """Whether the engine compiles its layers; then workers answer several clips before they are ready."""
    workers: int = field(default_factory=available_cores)
    """Number of processes that hold the engine."""
    queue_size: int = 32
    """Maximum number of clips that queue, beyond those that the workers have."""
    timeout_s: float = 30.0
    """Seconds a clip may queue, then run."""
    max_bytes: int = 10_000_000
    """Maximum audio per request, in bytes after base64 is decoded."""
    max_clip_s: float = MAX_CLIP_S
    """Maximum length of a clip, in seconds."""
    shutdown_grace_s: float = 30.0
    """Seconds that requests in progress have to finish after a signal to stop."""
    max_connections: int = 256
    """Maximum number of open websockets."""
    key_hashes: frozenset[str] = frozenset()
    """SHA-256 of each API key, in hexadecimal; if empty, no key is required."""
    cors_origins: tuple[str, ...] = ()
    """Other sites whose pages may call the service."""

    @property
    def max_clips(self) -> int:
        """Maximum number of clips that queue and run at once."""
        return self.workers + self.queue_size

    @property
    def max_batch(self) -> int:
        """Maximum number of clips in one request to this service."""
        return min(MAX_BATCH, self.max_clips)

    @property
    def max_bytes_held(self) -> int:
        """Maximum size of all request bodies in memory together."""
        return _MAX_BODIES_HELD * self.max_bytes

    @property
    def body_timeout_s(self) -> float:
        """Seconds within which a body must arrive: some clients send a clip while it is being spoken."""
        return self.max_clip_s + self.timeout_s
