"""One worker process, seen from the service: started, greeted, given batches, and reaped."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from enunciate.serve.settings import available_cores
from enunciate.serve.workers import messages
from enunciate.serve.workers.messages import ClipJob, ClipOutcome, WorkerHello

_STREAM_LIMIT = 1 << 20
_CLOSING_S = 1.0


@dataclass(frozen=True)
class WorkerReply:
    """The reply of a worker about one clip."""

    outcome: ClipOutcome
    body: bytes
    """The answer as JSON; empty if there is an error."""


class WorkerProcess:
    """A running worker process."""

    def __init__(self, process: Process) -> None:
        assert process.stdin is not None and process.stdout is not None
        self._process, self._input, self._output = process, process.stdin, process.stdout

    async def hello(self) -> WorkerHello | None:
        """Wait for the first message; None if the process ended instead."""
        parts = await messages.receive(self._output)
        return WorkerHello.model_validate_json(parts[0]) if parts else None

    async def assess(self, batch: Sequence[tuple[ClipJob, bytes]]) -> list[WorkerReply] | None:
        """Have a batch of jobs and their audio assessed; None if the process ended."""
        parts = [part for job, audio in batch for part in (job.model_dump_json().encode(), audio)]
        try:
            self._input.writelines(messages.pack(parts))
            await self._input.drain()
        except ConnectionError:
            return None
        replies = await messages.receive(self._output)
        if replies is None:
            return None
        pairs = zip(replies[::2], replies[1::2], strict=True)
        return [WorkerReply(ClipOutcome.model_validate_json(outcome), body) for outcome, body in pairs]

    async def reap(self) -> None:
        """Kill the process, wait for it, and close its pipes, which complain if the event loop ends first."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._input.close()
        await self._process.wait()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(_CLOSING_S):
                await self._output.read()
                await self._input.wait_closed()


@asynccontextmanager
async def running(command: Sequence[str], n_workers: int) -> AsyncGenerator[WorkerProcess, None]:
    """Start a worker process, and reap it at the end.

    Args:
        command: runs the worker.
        n_workers: the number of workers that share the processor cores.

    Raises:
        OSError: the process cannot be started.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=PIPE,
        stdout=PIPE,
        limit=_STREAM_LIMIT,
        env=_environment(n_workers),
        start_new_session=True,  # keeps the terminal's Ctrl-C away from it
    )
    worker = WorkerProcess(process)
    try:
        yield worker
    finally:
        reaping = asyncio.ensure_future(worker.reap())
        try:
            await asyncio.shield(reaping)
        except asyncio.CancelledError:  # the service stops meanwhile: finish, it takes a moment
            await reaping
            raise


def _environment(n_workers: int) -> dict[str, str]:
    """Return an environment in which modules are found as here, and the workers share the cores."""
    threads = str(max(1, available_cores() // n_workers))
    return {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads} | {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
