"""What every route needs: the settings, the workers, and the places that bound how much is under way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from starlette.requests import Request

from enunciate.serve.http.metrics import Metrics
from enunciate.serve.http.problems import STATUS, ProblemError
from enunciate.serve.http.settings import Settings
from enunciate.serve.http.uploads import Upload
from enunciate.serve.workers.pool import Answer, CrashedError, Pool, TimedOutError
from enunciate.serve.workers.worker import INTERNAL

_Result = TypeVar("_Result")


class GoneError(Exception):
    """The client left."""


class Service:
    """One engine, its workers, and who may use them now."""

    def __init__(self, settings: Settings, command: Sequence[str]) -> None:
        """Prepare; `pool.start` starts the workers, which `command` runs."""
        self.settings, self.metrics = settings, Metrics()
        self.pool = Pool(
            command, workers=settings.workers, timeout_s=settings.timeout_s, metrics=self.metrics
        )
        self.draining = False
        """Set once the service is to stop: what is under way is finished, and nothing more is taken."""
        self._n_requests = self._n_places = self._n_bytes = 0

    @property
    def busy(self) -> bool:
        """Whether a request is under way that was let in."""
        return self._n_requests > 0

    @contextmanager
    def let_in(self) -> Generator[Callable[[int], None], None, None]:
        """Let a request in, and count the bytes of its body with the function that this gives.

        Raises:
            ProblemError: the service is to stop, or full: that is said before the body is read. The function
                raises one where all bodies together grow too large.
        """
        if self.draining:
            raise ProblemError(503, "draining", "the service is shutting down: ask another", retry=True)
        self._check_places(1)
        held = 0

        def hold(n_bytes: int) -> None:
            nonlocal held
            if self._n_bytes + n_bytes > self.settings.max_held_bytes:
                raise self._shed()
            held += n_bytes
            self._n_bytes += n_bytes

        self._n_requests += 1
        try:
            yield hold
        finally:
            self._n_requests -= 1
            self._n_bytes -= held

    @contextmanager
    def places(self, count: int = 1) -> Generator[None, None, None]:
        """Take places for clips that are to wait and run.

        Raises:
            ProblemError: there are not so many.
        """
        self._check_places(count)
        self._n_places += count
        try:
            yield
        finally:
            self._n_places -= count

    def _check_places(self, count: int) -> None:
        if self._n_places + count > self.settings.places:
            raise self._shed()

    def _shed(self) -> ProblemError:
        self.metrics.sheds.inc()
        return ProblemError(429, "full", "too much is under way: try again in a moment", retry=True)

    async def assess(self, upload: Upload) -> Answer:
        """Assess one clip.

        Raises:
            ProblemError: it cannot be.
        """
        try:
            return await self.pool.assess(upload.job, upload.audio)
        except TimedOutError:
            limit = f"{self.settings.timeout_s:g} s"
            raise ProblemError(504, "timeout", f"the clip waited or ran for more than {limit}") from None
        except CrashedError:
            detail = "the process that had this clip died; do not send it again"
            raise ProblemError(500, "crashed", detail) from None

    async def body(self, upload: Upload) -> bytes:
        """The answer to one clip, as JSON.

        Raises:
            ProblemError: it cannot be assessed.
        """
        answer = await self.assess(upload)
        code = answer.outcome.error
        if code == INTERNAL:
            raise ProblemError(500, INTERNAL, "the engine failed on this clip; the service's log says where")
        if code is not None:
            raise ProblemError(STATUS.get(code, 422), code, answer.outcome.message)
        return answer.body


async def while_there(request: Request, work: Coroutine[Any, Any, _Result]) -> _Result:
    """Do something for a client, unless it leaves.

    Args:
        request: its body has been read.
        work: cancelled when the client leaves.

    Raises:
        GoneError: it left.
    """
    doing = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_until_gone(request))
    try:
        await asyncio.wait((doing, leaving), return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            return doing.result()
        raise GoneError
    finally:
        for task in (doing, leaving):
            task.cancel()
        await asyncio.gather(doing, leaving, return_exceptions=True)


async def _until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
