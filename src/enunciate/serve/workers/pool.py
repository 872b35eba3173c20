"""Workers, and the queue before them.

Each worker is a process with the engine loaded once. A task of ours feeds it: takes clips that wait, sends
them, waits for the answers. A worker that takes too long is killed, one that dies is buried, and either is
replaced; the clip that it had gets an error, and no other clip is lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from enunciate.serve.http.metrics import Metrics
from enunciate.serve.http.settings import available_cores
from enunciate.serve.workers import wire
from enunciate.serve.workers.wire import Hello, Job, Outcome
from enunciate.serve.workers.worker import bug_line

GATHER_S = 0.005
"""How long an engine that gains from batches waits for more clips."""
RETRY_S = (0.0, 0.5, 1.0, 2.0, 5.0)
"""Pauses before a worker is started, by how often it has just failed to load; the last one for ever."""
_STREAM_LIMIT = 1 << 20
_CLOSING_S = 1.0


@dataclass(frozen=True)
class Answer:
    """What a worker said of one clip."""

    outcome: Outcome
    body: bytes
    """JSON of the `Assessment`; empty where there is an error."""


class TimedOutError(Exception):
    """The clip waited, or then ran, for longer than is allowed."""


class CrashedError(Exception):
    """The worker died of the clip, or of the service's end."""


@dataclass(eq=False)
class _Waiting:
    job: Job
    audio: bytes
    patience: asyncio.Timeout
    """Runs while it waits for a worker, and no more from then on."""
    answer: asyncio.Future[Answer] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    alone: bool = False
    """Its batch failed as a whole, so that it must not be in one again."""

    def fail(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


class Pool:
    """A number of workers and one queue; what bounds the queue is whoever hands clips in."""

    def __init__(self, command: Sequence[str], *, workers: int, timeout_s: float, metrics: Metrics) -> None:
        """Prepare; `start` starts.

        Args:
            command: runs a worker.
            workers: how many.
            timeout_s: how long a clip may wait, and how long it may then run.
            metrics: told of restarts, of the depth of the queue and of seconds of audio.
        """
        self._command, self._n_workers, self._timeout_s = command, workers, timeout_s
        self._metrics = metrics
        self._queue: deque[_Waiting] = deque()
        self._arrived = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._n_ready = 0
        self._why_refused = ""
        self._refused = asyncio.Event()
        self.model = ""
        """Name and version of the engine, once a worker has loaded it."""

    @property
    def ready(self) -> bool:
        """Whether all workers are loaded."""
        return self._n_ready == self._n_workers

    def start(self) -> None:
        """Start the workers, in the background."""
        self._tasks = [asyncio.create_task(self._keep_worker()) for _ in range(self._n_workers)]

    async def refused(self) -> str:
        """Wait until a worker finds that the engine cannot be loaded, which trying again will not mend.

        Returns:
            Why that is.
        """
        await self._refused.wait()
        return self._why_refused

    async def stop(self) -> None:
        """Kill the workers; whoever still waits gets a `CrashedError`."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for waiting in self._queue:
            waiting.fail(CrashedError())

    async def assess(self, job: Job, audio: bytes) -> Answer:
        """Assess one clip; to cancel this takes it out of the queue, or has its answer thrown away.

        A worker that has begun is left to finish: starting another takes longer than most clips do, and the
        time limit holds for it all the same.

        Raises:
            TimedOutError: it waited or ran for too long.
            CrashedError: the worker died of it.
        """
        try:
            async with asyncio.timeout(self._timeout_s) as patience:
                waiting = _Waiting(job, audio, patience)
                self._queue.append(waiting)
                self._arrived.set()
                self._metrics.queue_depth.set(len(self._queue))
                try:
                    return await waiting.answer
                finally:
                    waiting.answer.cancel()
                    with contextlib.suppress(ValueError):  # it has left the queue
                        self._queue.remove(waiting)
                    self._metrics.queue_depth.set(len(self._queue))
        except TimeoutError:
            raise TimedOutError from None

    async def _take(self, together: int) -> list[_Waiting]:
        """Clips to give a worker at once, at least one."""
        while True:
            while not self._queue:
                self._arrived.clear()
                await self._arrived.wait()
            if together > 1 and len(self._queue) < together:
                await asyncio.sleep(GATHER_S)
            batch: list[_Waiting] = []
            while self._queue and len(batch) < together:
                if batch and (batch[0].alone or self._queue[0].alone):
                    break
                waiting = self._queue.popleft()
                if not waiting.patience.expired():
                    waiting.patience.reschedule(None)
                    batch.append(waiting)
            if batch:
                self._metrics.queue_depth.set(len(self._queue))
                return batch

    async def _keep_worker(self) -> None:
        """Keep one worker alive, one process after another."""
        failed = 0
        while True:
            await asyncio.sleep(RETRY_S[min(failed, len(RETRY_S) - 1)])
            failed += 1
            try:
                async with self._process() as process:
                    hello = await _hello(process)
                    if hello is not None and hello.error is not None:
                        self._why_refused = hello.error
                        self._refused.set()
                        return
                    if hello is not None:
                        failed = 0
                        self.model = hello.model
                        await self._feed(process, hello.together)
            except (OSError, ValueError) as error:  # no process to be had, or one that talks nonsense
                print(bug_line(error), file=sys.stderr, flush=True)
            self._metrics.worker_restarts.inc()

    @asynccontextmanager
    async def _process(self) -> AsyncGenerator[Process, None]:
        # A session of its own keeps the terminal's Ctrl-C away from it.
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=PIPE,
            stdout=PIPE,
            limit=_STREAM_LIMIT,
            env=_environment(self._n_workers),
            start_new_session=True,
        )
        try:
            yield process
        finally:
            burial = asyncio.ensure_future(_bury(process))
            try:
                await asyncio.shield(burial)
            except asyncio.CancelledError:  # the service stops, and this has begun: it takes a moment
                await burial
                raise

    async def _feed(self, process: Process, together: int) -> None:
        """Give a worker clips until it fails."""
        self._n_ready += 1
        try:
            while True:
                batch = await self._take(together)
                try:
                    async with asyncio.timeout(self._timeout_s):
                        answers = await _exchange(process, batch)
                except TimeoutError:
                    return self._failed(batch, TimedOutError())
                except BaseException:
                    self._failed(batch, CrashedError())
                    raise
                if answers is None:
                    return self._failed(batch, CrashedError())
                for waiting, answer in zip(batch, answers, strict=True):
                    if answer.outcome.error is None:
                        self._metrics.audio_seconds.inc(answer.outcome.duration_s)
                    if not waiting.answer.done():
                        waiting.answer.set_result(answer)
        finally:
            self._n_ready -= 1

    def _failed(self, batch: Sequence[_Waiting], error: Exception) -> None:
        """One clip failed; of several, nobody knows which it was, and each is tried again alone."""
        if len(batch) == 1:
            batch[0].fail(error)
            return
        for waiting in reversed(batch):
            if not waiting.answer.done():
                waiting.alone = True
                waiting.patience.reschedule(asyncio.get_running_loop().time() + self._timeout_s)
                self._queue.appendleft(waiting)


def _environment(n_workers: int) -> dict[str, str]:
    """Modules are found where we found ours, and the workers share the cores."""
    threads = str(max(1, available_cores() // n_workers))
    return {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads} | {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }


async def _bury(process: Process) -> None:
    """Kill a process, and let go of its pipes, which would complain if the loop ended first."""
    assert process.stdin is not None and process.stdout is not None
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    process.stdin.close()
    await process.wait()
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(_CLOSING_S):
            await process.stdout.read()
            await process.stdin.wait_closed()


async def _hello(process: Process) -> Hello | None:
    assert process.stdout is not None
    parts = await wire.receive(process.stdout)
    return Hello.model_validate_json(parts[0]) if parts else None


async def _exchange(process: Process, batch: Sequence[_Waiting]) -> list[Answer] | None:
    """The answers to a batch; None where the worker died."""
    assert process.stdin is not None and process.stdout is not None
    parts = [part for w in batch for part in (w.job.model_dump_json().encode(), w.audio)]
    try:
        process.stdin.writelines(wire.pack(parts))
        await process.stdin.drain()
    except ConnectionError:
        return None
    answers = await wire.receive(process.stdout)
    if answers is None:
        return None
    pairs = zip(answers[::2], answers[1::2], strict=True)
    return [Answer(Outcome.model_validate_json(outcome), body) for outcome, body in pairs]
