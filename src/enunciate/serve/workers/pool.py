"""A pool of worker processes, and the queue in front of them.

Each worker is a process that has loaded the engine once. An asyncio task keeps it running and feeds it: the
task takes clips from the queue, sends them, and waits for the replies. A worker that times out is killed, one
that dies is reaped, and either is replaced; the clip that it had gets an error, and no other clip is lost.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from enunciate.serve.metrics import ServiceMetrics
from enunciate.serve.service_log import log_bug
from enunciate.serve.workers.messages import ClipJob
from enunciate.serve.workers.worker_process import WorkerProcess, WorkerReply, running

GATHER_S = 0.005
"""Seconds to wait for more clips, for an engine that gains from batches."""
RETRY_DELAYS_S = (0.0, 0.5, 1.0, 2.0, 5.0)
"""Pauses before a worker is started, by the number of failures to load in a row; the last one repeats."""


class ClipTimeoutError(Exception):
    """The clip queued, or then ran, for longer than is allowed."""


class WorkerCrashedError(Exception):
    """The worker process died while it had the clip, or the service stopped."""


@dataclass(eq=False)
class _QueuedClip:
    job: ClipJob
    audio: bytes
    queue_deadline: asyncio.Timeout
    """Cancels the wait in the queue; has no effect once a worker has the clip."""
    reply: asyncio.Future[WorkerReply] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    alone: bool = False
    """Whether its batch failed as a whole, so that it must not be in a batch again."""

    def fail(self, error: Exception) -> None:
        if not self.reply.done():
            self.reply.set_exception(error)


class WorkerPool:
    """A number of workers and one queue; whoever submits clips bounds its length."""

    def __init__(
        self, command: Sequence[str], *, workers: int, timeout_s: float, metrics: ServiceMetrics
    ) -> None:
        """Prepare the pool; `start` starts the workers.

        Args:
            command: runs a worker.
            workers: number of worker processes.
            timeout_s: seconds a clip may queue, then run.
            metrics: updated with restarts, the length of the queue and the seconds of audio.
        """
        self._command, self._n_workers, self._timeout_s = command, workers, timeout_s
        self._metrics = metrics
        self._queue: deque[_QueuedClip] = deque()
        self._clip_queued = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._n_ready = 0
        self._load_error = ""
        self._load_failed = asyncio.Event()
        self.model = ""
        """Name and version of the engine, once a worker has loaded it."""

    @property
    def ready(self) -> bool:
        """Whether all workers have loaded the engine."""
        return self._n_ready == self._n_workers

    def start(self) -> None:
        """Start the workers in the background."""
        self._tasks = [asyncio.create_task(self._keep_worker_running()) for _ in range(self._n_workers)]

    async def load_error(self) -> str:
        """Wait until a worker reports that the engine cannot be loaded, and return its reason."""
        await self._load_failed.wait()
        return self._load_error

    async def stop(self) -> None:
        """Kill the workers; clips that still queue get a `WorkerCrashedError`."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for clip in self._queue:
            clip.fail(WorkerCrashedError())

    async def assess(self, job: ClipJob, audio: bytes) -> WorkerReply:
        """Assess one clip.

        Cancelling this takes the clip out of the queue, or discards its reply. A worker that has begun may
        finish: loading another worker takes longer than most clips do, and the time-out holds in any case.

        Raises:
            ClipTimeoutError: the clip queued or ran for too long.
            WorkerCrashedError: the worker died while it had the clip.
        """
        try:
            async with asyncio.timeout(self._timeout_s) as queue_deadline:
                clip = _QueuedClip(job, audio, queue_deadline)
                self._enqueue(clip)
                self._clip_queued.set()
                self._metrics.queue_depth.set(len(self._queue))
                try:
                    return await clip.reply
                finally:
                    clip.reply.cancel()
                    with contextlib.suppress(ValueError):  # it is no longer queued
                        self._queue.remove(clip)
                    self._metrics.queue_depth.set(len(self._queue))
        except TimeoutError:
            raise ClipTimeoutError from None

    def _enqueue(self, clip: _QueuedClip) -> None:
        first = next((at for at, other in enumerate(self._queue) if other.job.can_wait), len(self._queue))
        self._queue.insert(len(self._queue) if clip.job.can_wait else first, clip)

    async def _next_batch(self, batch_size: int) -> list[_QueuedClip]:
        """Take clips for a worker from the queue, at least one."""
        while True:
            while not self._queue:
                self._clip_queued.clear()
                await self._clip_queued.wait()
            if batch_size > 1 and len(self._queue) < batch_size:
                await asyncio.sleep(GATHER_S)
            batch: list[_QueuedClip] = []
            while self._queue and len(batch) < batch_size:
                if batch and (batch[0].alone or self._queue[0].alone):
                    break
                clip = self._queue.popleft()
                if not clip.queue_deadline.expired():
                    clip.queue_deadline.reschedule(None)
                    batch.append(clip)
            if batch:
                self._metrics.queue_depth.set(len(self._queue))
                return batch

    async def _keep_worker_running(self) -> None:
        """Keep one worker running, one process after another."""
        failures = 0
        while True:
            await asyncio.sleep(RETRY_DELAYS_S[min(failures, len(RETRY_DELAYS_S) - 1)])
            failures += 1
            try:
                async with running(self._command, self._n_workers) as worker:
                    hello = await worker.hello()
                    if hello is not None and hello.error is not None:
                        self._load_error = hello.error
                        self._load_failed.set()
                        return
                    if hello is not None:
                        failures = 0
                        self.model = hello.model
                        await self._feed(worker, hello.batch_size)
            except (OSError, ValueError) as error:  # it cannot be started, or its messages are malformed
                log_bug(error)
            self._metrics.worker_restarts.inc()

    async def _feed(self, worker: WorkerProcess, batch_size: int) -> None:
        """Give a worker clips until it fails."""
        self._n_ready += 1
        try:
            while True:
                batch = await self._next_batch(batch_size)
                try:
                    async with asyncio.timeout(self._timeout_s):
                        replies = await worker.assess([(clip.job, clip.audio) for clip in batch])
                except TimeoutError:
                    return self._fail(batch, ClipTimeoutError())
                except BaseException:
                    self._fail(batch, WorkerCrashedError())
                    raise
                if replies is None:
                    return self._fail(batch, WorkerCrashedError())
                for clip, reply in zip(batch, replies, strict=True):
                    if reply.outcome.error is None:
                        self._metrics.audio_seconds.inc(reply.outcome.duration_s)
                    if not clip.reply.done():
                        clip.reply.set_result(reply)
        finally:
            self._n_ready -= 1

    def _fail(self, batch: Sequence[_QueuedClip], error: Exception) -> None:
        """Fail a single clip; of several, nobody knows which one is at fault, so queue each again, alone."""
        if len(batch) == 1:
            batch[0].fail(error)
            return
        for clip in reversed(batch):
            if not clip.reply.done():
                clip.alone = True
                clip.queue_deadline.reschedule(asyncio.get_running_loop().time() + self._timeout_s)
                self._queue.appendleft(clip)
