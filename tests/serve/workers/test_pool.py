"""Workers that hang, crash and are replaced, and what becomes of the clips that they had."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from support.serve_cases import CLIP
from support.serve_gate import LIMIT_S, Gate
from support.serve_process import WORKER

from enunciate.serve.metrics import ServiceMetrics
from enunciate.serve.workers.messages import ClipJob
from enunciate.serve.workers.pool import ClipTimeoutError, WorkerCrashedError, WorkerPool

TIMEOUT_S = 600.0
"""Never waited for: a test moves the clock of the event loop instead."""


class SkippingLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock can be moved forward."""

    skipped_s = 0.0

    def time(self) -> float:
        return super().time() + self.skipped_s


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        runner.run(test())


def skip(seconds: float) -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SkippingLoop)
    loop.skipped_s += seconds


async def until(true: Callable[[], bool]) -> None:
    """Wait; every step takes 10 ms by any clock, so that moving it does not count."""
    for _ in range(round(LIMIT_S / 0.01)):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("never came true")


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path)


@asynccontextmanager
async def running_pool(
    gate: Gate, model: str = "obedient", workers: int = 1
) -> AsyncIterator[tuple[WorkerPool, ServiceMetrics]]:
    metrics = ServiceMetrics()
    command = [sys.executable, WORKER, model, "60", str(gate.folder)]
    pool = WorkerPool(command, workers=workers, timeout_s=TIMEOUT_S, metrics=metrics)
    pool.start()
    try:
        await until(lambda: pool.ready)
        yield pool, metrics
    finally:
        await pool.stop()


def ask(pool: WorkerPool, text: str, clip_id: str = "a") -> asyncio.Task:
    return asyncio.ensure_future(pool.assess(ClipJob(id=clip_id, text=text), CLIP))


async def ask_and_hold(pool: WorkerPool, gate: Gate, text: str = "hold") -> asyncio.Task:
    """Ask for a clip, and wait until a worker has it."""
    before = gate.n_held()
    asked = ask(pool, text)
    await until(lambda: gate.n_held() > before)
    return asked


def restarts(metrics: ServiceMetrics) -> float:
    (line,) = [row for row in metrics.text().decode().splitlines() if row.startswith("enunciate_worker_re")]
    return float(line.split()[-1])


@pytest.mark.slow
def test_a_worker_that_hangs_is_replaced_and_only_its_clip_is_lost(gate):
    async def test():
        async with running_pool(gate, workers=2) as (pool, metrics):
            hanging = await ask_and_hold(pool, gate, "hang")
            others = await asyncio.gather(*(ask(pool, "hello") for _ in range(6)))
            assert all(reply.outcome.error is None for reply in others)
            skip(TIMEOUT_S + 1)
            with pytest.raises(ClipTimeoutError):
                await hanging
            await until(lambda: pool.ready)
            assert (await ask(pool, "hello")).outcome.error is None
            assert restarts(metrics) == 1

    run(test)


def test_a_worker_that_crashes_is_replaced_and_only_its_clip_is_lost(gate):
    async def test():
        async with running_pool(gate) as (pool, metrics):
            crashing, queued = ask(pool, "crash"), ask(pool, "hello")
            with pytest.raises(WorkerCrashedError):
                await crashing
            assert (await queued).outcome.error is None
            assert restarts(metrics) == 1

    run(test)


def test_a_clip_that_queues_too_long_is_given_up_without_harm_to_the_worker(gate):
    async def test():
        async with running_pool(gate) as (pool, metrics):
            first = await ask_and_hold(pool, gate)
            second, queued = ask(pool, "hold"), ask(pool, "hello")
            await asyncio.sleep(0)  # both are queued
            skip(TIMEOUT_S - 60)
            gate.open(1)
            assert (await first).outcome.error is None
            await until(lambda: gate.n_held() == 2)  # the second one runs, with all its time before it
            skip(61)
            with pytest.raises(ClipTimeoutError):
                await queued
            gate.open(2)
            assert (await second).outcome.error is None
            assert restarts(metrics) == 0

    run(test)


def test_a_clip_that_can_wait_comes_after_those_that_cannot(gate):
    async def test():
        async with running_pool(gate) as (pool, _):
            running = await ask_and_hold(pool, gate)
            order: list[str] = []
            jobs = [ClipJob(id=name, text="hello", can_wait=name in "bd") for name in "abcde"]
            asked = [asyncio.ensure_future(pool.assess(job, CLIP)) for job in jobs]
            for job, one in zip(jobs, asked, strict=True):
                one.add_done_callback(lambda _, name=job.id: order.append(name))
            await asyncio.sleep(0)
            gate.open()
            await asyncio.gather(running, *asked)
            assert "".join(order) == "acebd"

    run(test)


def test_a_clip_whose_client_left_is_taken_out_of_the_queue(gate):
    async def test():
        async with running_pool(gate) as (pool, metrics):
            running = await ask_and_hold(pool, gate)
            queued, last = ask(pool, "crash"), ask(pool, "hello")
            await asyncio.sleep(0)
            queued.cancel()
            gate.open()
            assert (await last).outcome.error is None
            assert (await running).outcome.error is None
            assert restarts(metrics) == 0

    run(test)


def test_a_clip_whose_client_left_while_it_ran_does_not_confuse_the_next_reply(gate):
    async def test():
        async with running_pool(gate) as (pool, metrics):
            running = await ask_and_hold(pool, gate)
            following = ask(pool, "left", "b")
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
            gate.open()
            assert json.loads((await following).body)["id"] == "b"
            assert restarts(metrics) == 0

    run(test)


def test_an_engine_that_gains_from_batches_gets_them(gate):
    async def test():
        async with running_pool(gate, "batching") as (pool, _):
            replies = await asyncio.gather(*(ask(pool, "hello", str(n)) for n in range(6)))
            answers = [json.loads(reply.body) for reply in replies]
            assert [answer["id"] for answer in answers] == list("012345")
            assert [answer["model"] for answer in answers] == ["batch of 4"] * 4 + ["batch of 2"] * 2

    run(test)


def test_other_engines_get_one_clip_at_a_time(gate):
    async def test():
        async with running_pool(gate) as (pool, _):
            replies = await asyncio.gather(*(ask(pool, "hello") for _ in range(3)))
            assert {json.loads(reply.body)["model"] for reply in replies} == {"fake 1"}

    run(test)


@pytest.mark.parametrize(
    "bad", ["bug", *(pytest.param(text, marks=pytest.mark.slow) for text in ("hello 你好", "crash"))]
)
def test_a_bad_clip_does_not_cost_those_of_its_batch(gate, bad):
    async def test():
        async with running_pool(gate, "batching") as (pool, _):
            replies = await asyncio.gather(
                *(ask(pool, text) for text in ("hello", bad, "hello", "hello")), return_exceptions=True
            )
            assert all(reply.outcome.error is None for reply in (replies[0], *replies[2:]))
            if bad == "crash":
                assert isinstance(replies[1], WorkerCrashedError)
            else:
                expected = {"hello 你好": "text_unknown_words", "bug": "internal"}
                assert replies[1].outcome.error == expected[bad]

    run(test)


def test_a_clip_that_hangs_does_not_cost_those_of_its_batch(gate):
    async def test():
        async with running_pool(gate, "batching") as (pool, _):
            fine, hanging = ask(pool, "hello"), ask(pool, "hang")
            await until(lambda: gate.n_held() == 1)
            skip(TIMEOUT_S + 1)
            assert (await fine).outcome.error is None
            await until(lambda: gate.n_held() == 2)  # again, and alone
            skip(TIMEOUT_S + 1)
            with pytest.raises(ClipTimeoutError):
                await hanging

    run(test)


def test_stopping_while_a_worker_is_killed_leaves_no_pipe_open(gate, monkeypatch):
    start, processes = asyncio.create_subprocess_exec, []

    async def noted(*command, **how):
        processes.append(await start(*command, **how))
        return processes[-1]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", noted)

    async def test():
        async with running_pool(gate) as (pool, _):
            hanging = await ask_and_hold(pool, gate, "hang")
            skip(TIMEOUT_S + 1)
            with pytest.raises(ClipTimeoutError):
                await hanging

    run(test)
    assert processes
    assert all(process._transport.is_closing() for process in processes)


def test_a_bug_is_logged_by_its_place_and_not_by_its_message(gate, capfd):
    async def test():
        async with running_pool(gate) as (pool, _):
            assert (await ask(pool, "a secret bug")).outcome.error == "internal"

    run(test)
    logged = capfd.readouterr().err
    assert "bug: ZeroDivisionError at " in logged
    assert "serve_worker.py:" in logged
    assert "secret" not in logged


def test_an_engine_that_cannot_be_loaded_says_why(gate):
    async def test():
        command = [sys.executable, WORKER, "none", "60", str(gate.folder)]
        pool = WorkerPool(command, workers=2, timeout_s=TIMEOUT_S, metrics=ServiceMetrics())
        pool.start()
        assert await asyncio.wait_for(pool.load_error(), LIMIT_S) == "there is no such model"
        assert not pool.ready
        await pool.stop()

    run(test)


def test_a_program_that_is_no_worker_is_tried_again_and_never_ready():
    async def test():
        metrics = ServiceMetrics()
        command = [sys.executable, "-c", "print('hello')"]
        pool = WorkerPool(command, workers=1, timeout_s=TIMEOUT_S, metrics=metrics)
        pool.start()
        await until(lambda: restarts(metrics) == 1)
        skip(10)  # the pause before the next start
        await until(lambda: restarts(metrics) >= 2)
        assert not pool.ready
        await pool.stop()

    run(test)


def test_a_clip_of_ten_megabytes_goes_through_the_pipes(gate):
    async def test():
        async with running_pool(gate) as (pool, _):
            reply = await pool.assess(ClipJob(id="a", text="hello"), CLIP + bytes(10_000_000))
            assert reply.outcome.error is None

    run(test)
