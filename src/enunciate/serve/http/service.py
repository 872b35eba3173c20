"""The service that all routes share: settings, metrics, admission control and the pool of workers."""

from __future__ import annotations

from collections.abc import Sequence

from enunciate.serve.http.admission import Admission
from enunciate.serve.http.problem_details import CLIP_STATUSES, ProblemError
from enunciate.serve.http.uploads import Upload
from enunciate.serve.metrics import ServiceMetrics
from enunciate.serve.settings import ServiceSettings
from enunciate.serve.workers.messages import INTERNAL
from enunciate.serve.workers.pool import ClipTimeoutError, WorkerCrashedError, WorkerPool
from enunciate.serve.workers.worker_process import WorkerReply


class Service:
    """One engine behind HTTP."""

    def __init__(self, settings: ServiceSettings, command: Sequence[str]) -> None:
        """Prepare the service; `pool.start` starts the workers, each of which `command` runs."""
        self.settings, self.metrics = settings, ServiceMetrics()
        self.admission = Admission(settings, self.metrics)
        self.pool = WorkerPool(
            command, workers=settings.workers, timeout_s=settings.timeout_s, metrics=self.metrics
        )

    async def assess(self, upload: Upload) -> WorkerReply:
        """Assess one clip; the reply is an answer, or an error of the clip or its reference text.

        Raises:
            ProblemError: the clip timed out, its worker crashed, or the engine failed on it.
        """
        try:
            reply = await self.pool.assess(upload.job, upload.audio)
        except ClipTimeoutError:
            limit = f"{self.settings.timeout_s:g} s"
            raise ProblemError(504, "timeout", f"the clip queued or ran for more than {limit}") from None
        except WorkerCrashedError:
            detail = "the worker process crashed on this clip; do not send it again"
            raise ProblemError(500, "crashed", detail) from None
        if reply.outcome.error == INTERNAL:
            raise ProblemError(500, INTERNAL, "the engine failed on this clip; the service's log says where")
        return reply

    async def assess_to_json(self, upload: Upload) -> bytes:
        """Assess one clip, and return the answer as JSON.

        Raises:
            ProblemError: the clip cannot be assessed.
        """
        reply = await self.assess(upload)
        code = reply.outcome.error
        if code is not None:
            raise ProblemError(CLIP_STATUSES.get(code, 422), code, reply.outcome.message)
        return reply.body
