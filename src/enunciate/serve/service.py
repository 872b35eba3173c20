"""What every route needs: the settings, the workers, and the places that bound how much is under way."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from starlette.requests import Request

from enunciate.serve.metrics import Metrics
from enunciate.serve.pool import Answer, CrashedError, Pool, TimedOutError
from enunciate.serve.problems import STATUS, ProblemError
from enunciate.serve.settings import Settings
from enunciate.serve.uploads import Upload
from enunciate.serve.worker import INTERNAL

_Result = TypeVar("_Result")


class GoneError(Exception):
    """The client left."""


class Service:
    """One engine, its workers, and who may use them now."""

    def __init__(self, settings: Settings, command: Sequence[str]) -> None:
        self.settings, self.metrics = settings, Metrics()
        self.pool = Pool(
            command, workers=settings.workers, timeout_s=settings.timeout_s, metrics=self.metrics
        )
        self.draining = False
        """Set once the service is to stop: what is under way is finished, and nothing more is taken."""
        self._taken = 0

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return self._taken > 0

    @contextmanager
    def places(self, count: int = 1) -> Generator[None, None, None]:
        """Take places for clips, before their bytes are read: that bounds the memory, too.

        Raises:
            ProblemError: there are not so many, or the service is to stop.
        """
        if self.draining:
            raise ProblemError(503, "draining", "the service is shutting down: ask another", retry=True)
        if self._taken + count > self.settings.places:
            self.metrics.sheds.inc()
            raise ProblemError(429, "full", "all places are taken: try again in a moment", retry=True)
        self._taken += count
        try:
            yield
        finally:
            self._taken -= count

    async def assess(self, upload: Upload) -> Answer:
        """Assess one clip.

        Raises:
            ProblemError: it cannot be.
        """
        try:
            answer = await self.pool.assess(upload.job, upload.audio)
        except TimedOutError:
            limit = f"{self.settings.timeout_s:g} s"
            raise ProblemError(504, "timeout", f"the clip waited or ran for more than {limit}") from None
        except CrashedError:
            raise ProblemError(
                500, "crashed", "the process that had this clip died; do not send it again"
            ) from None
        code = answer.outcome.error
        if code == INTERNAL:
            raise ProblemError(500, INTERNAL, "the engine failed on this clip; the service's log says where")
        if code is not None:
            raise ProblemError(STATUS.get(code, 422), code, answer.outcome.message)
        return answer


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
