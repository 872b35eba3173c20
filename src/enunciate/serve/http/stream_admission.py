"""The admission of streams: one turn of a connection at a time, and the bytes that it holds."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from enunciate.serve.http.problem_details import ProblemError
from enunciate.serve.http.service import Service
from enunciate.serve.http.uploads import Upload
from enunciate.serve.workers.messages import ClipJob
from enunciate.serve.workers.worker_process import WorkerReply


class StreamAdmission:
    """Admits the turns of one connection, one after another; a context as long as the connection."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._turn = ExitStack()
        self._count: Callable[[int], None] = lambda _: None
        self._n_bytes = 0

    def __enter__(self) -> StreamAdmission:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def begin(self) -> None:
        """Admit a turn.

        Raises:
            ProblemError: the service is full or draining.
        """
        self._count = self._turn.enter_context(self._service.admission.admit())
        self._n_bytes = 0

    def holds(self, n_bytes: int) -> None:
        """Say how many bytes the turn holds now.

        Raises:
            ProblemError: that is too much.
        """
        most = self._service.settings.max_bytes
        if n_bytes > most:
            raise ProblemError(413, "body_too_large", f"the audio is larger than {most:,} bytes")
        self._count(n_bytes - self._n_bytes)
        self._n_bytes = n_bytes

    def end(self) -> None:
        """Let go of the turn, if there is one."""
        self._turn.close()

    async def assess(self, job: ClipJob, audio: bytes) -> WorkerReply:
        """Have a clip of the turn assessed.

        Raises:
            ProblemError: there is no room for it, it timed out, or its worker failed.
        """
        with self._service.admission.reserve():
            return await self._service.assess(Upload(job, audio))
