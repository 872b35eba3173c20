"""Admission control: bounds on the requests, bytes and clips that are in progress at once."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from enunciate.serve.http.problem_details import ProblemError
from enunciate.serve.metrics import ServiceMetrics
from enunciate.serve.settings import ServiceSettings


class Admission:
    """Counts what is in progress, and refuses what would be too much."""

    def __init__(self, settings: ServiceSettings, metrics: ServiceMetrics) -> None:
        self._settings, self._metrics = settings, metrics
        self.draining = False
        """Set once the service is to stop: requests in progress finish, and no more are admitted."""
        self._n_requests = self._n_clips = self._n_bytes = self._n_connections = 0

    @property
    def busy(self) -> bool:
        """Whether a request that was admitted is in progress."""
        return self._n_requests > 0

    @contextmanager
    def admit(self) -> Generator[Callable[[int], None], None, None]:
        """Admit a request, and give a function that counts the bytes of its body as they arrive.

        What is let go of again is counted as a negative number.

        Raises:
            ProblemError: the service is full or draining, which is said before the body is read. The function
                raises it when all bodies together grow too large.
        """
        if self.draining:
            raise ProblemError(503, "draining", "the service is shutting down; use another one", retry=True)
        self._check_clips(1)
        held = 0

        def count_bytes(n_bytes: int) -> None:
            nonlocal held
            if self._n_bytes + n_bytes > self._settings.max_bytes_held:
                raise self._full()
            held += n_bytes
            self._n_bytes += n_bytes

        self._n_requests += 1
        try:
            yield count_bytes
        finally:
            self._n_requests -= 1
            self._n_bytes -= held

    @contextmanager
    def connect(self) -> Generator[None, None, None]:
        """Count an open websocket, which may be idle for long.

        Raises:
            ProblemError: too many are open.
        """
        if self._n_connections >= self._settings.max_connections:
            raise self._full()
        self._n_connections += 1
        try:
            yield
        finally:
            self._n_connections -= 1

    @contextmanager
    def reserve(self, n_clips: int = 1) -> Generator[None, None, None]:
        """Reserve room for clips that are to queue and run.

        Raises:
            ProblemError: there is not enough room.
        """
        self._check_clips(n_clips)
        self._n_clips += n_clips
        try:
            yield
        finally:
            self._n_clips -= n_clips

    def _check_clips(self, n_clips: int) -> None:
        if self._n_clips + n_clips > self._settings.max_clips:
            raise self._full()

    def _full(self) -> ProblemError:
        self._metrics.sheds.inc()
        return ProblemError(429, "full", "too many clips are in progress; try again in a moment", retry=True)
