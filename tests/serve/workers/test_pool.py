"""Workers that hang, crash and come back, and what becomes of the clips that they had."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from contextlib import asynccontextmanager

import pytest
from support.serve_cases import CLIP
from support.serve_process import WORKER

from enunciate.serve.metrics import ServiceMetrics
from enunciate.serve.workers.messages import ClipJob
from enunciate.serve.workers.pool import ClipTimeoutError, WorkerCrashedError, WorkerPool


@asynccontextmanager
async def pool_of(model: str = "moody", workers: int = 1, timeout_s: float = 20.0):
    metrics = ServiceMetrics()
    command = [sys.executable, WORKER, model, "60"]
    pool = WorkerPool(command, workers=workers, timeout_s=timeout_s, metrics=metrics)
    pool.start()
    try:
        while not pool.ready:
            await asyncio.sleep(0.01)
        yield pool, metrics
    finally:
        await pool.stop()


def ask(pool: WorkerPool, text: str, clip_id: str = "a") -> asyncio.Task:
    return asyncio.ensure_future(pool.assess(ClipJob(id=clip_id, text=text), CLIP))


def restarts(metrics: ServiceMetrics) -> float:
    (line,) = [row for row in metrics.text().decode().splitlines() if row.startswith("enunciate_worker_re")]
    return float(line.split()[-1])


def test_a_worker_that_hangs_is_replaced_and_only_its_clip_is_lost():
    async def run():
        async with pool_of(workers=2, timeout_s=2.0) as (pool, metrics):
            begun = time.monotonic()
            hanging, fine = ask(pool, "hang"), [ask(pool, "hello") for _ in range(6)]
            assert all(answer.outcome.error is None for answer in await asyncio.gather(*fine))
            assert time.monotonic() - begun < 2.0
            with pytest.raises(ClipTimeoutError):
                await hanging
            assert 1.9 < time.monotonic() - begun < 4.0
            while not pool.ready:
                await asyncio.sleep(0.01)
            assert (await ask(pool, "hello")).outcome.error is None
            assert restarts(metrics) == 1

    asyncio.run(run())


def test_a_worker_that_crashes_is_replaced_and_only_its_clip_is_lost(capfd):
    async def run():
        async with pool_of() as (pool, metrics):
            crashing, waiting = ask(pool, "crash"), ask(pool, "hello")
            with pytest.raises(WorkerCrashedError):
                await crashing
            assert (await waiting).outcome.error is None
            assert restarts(metrics) == 1

    asyncio.run(run())


def test_a_clip_that_waits_too_long_is_given_up_without_harm_to_the_worker():
    async def run():
        async with pool_of(timeout_s=1.0) as (pool, metrics):
            tasks = [ask(pool, "wait") for _ in range(8)]  # a quarter of a second each, one after another
            done = await asyncio.gather(*tasks, return_exceptions=True)
            assert [isinstance(done[index], ClipTimeoutError) for index in (0, 1, 6, 7)] == [
                False,
                False,
                True,
                True,
            ]
            assert restarts(metrics) == 0

    asyncio.run(run())


def test_a_clip_whose_client_left_is_taken_out_of_the_queue():
    async def run():
        async with pool_of() as (pool, metrics):
            running, waiting, next_one = ask(pool, "wait"), ask(pool, "crash"), ask(pool, "hello")
            await asyncio.sleep(0.05)
            waiting.cancel()
            assert (await next_one).outcome.error is None
            assert (await running).outcome.error is None
            assert restarts(metrics) == 0

    asyncio.run(run())


def test_a_clip_whose_client_left_while_it_ran_does_not_confuse_the_next_answer():
    async def run():
        async with pool_of() as (pool, metrics):
            running, next_one = ask(pool, "wait"), ask(pool, "left", "b")
            await asyncio.sleep(0.05)
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
            assert json.loads((await next_one).body)["id"] == "b"
            assert restarts(metrics) == 0

    asyncio.run(run())


def test_an_engine_that_gains_from_it_gets_several_clips_at_once():
    async def run():
        async with pool_of("together") as (pool, _):
            answers = await asyncio.gather(*(ask(pool, "hello", str(n)) for n in range(6)))
            found = [json.loads(answer.body) for answer in answers]
            assert [one["id"] for one in found] == list("012345")
            assert [one["model"] for one in found] == ["together 4"] * 4 + ["together 2"] * 2

    asyncio.run(run())


def test_others_get_one_clip_at_a_time():
    async def run():
        async with pool_of() as (pool, _):
            answers = await asyncio.gather(*(ask(pool, "hello") for _ in range(3)))
            assert {json.loads(answer.body)["model"] for answer in answers} == {"fake 1"}

    asyncio.run(run())


@pytest.mark.parametrize("bad", ["xzqj", "bug", "crash"])
def test_a_bad_clip_does_not_cost_those_of_its_batch(bad, capfd):
    async def run():
        async with pool_of("together") as (pool, _):
            done = await asyncio.gather(
                *(ask(pool, text) for text in ("hello", bad, "hello", "hello")), return_exceptions=True
            )
            assert all(one.outcome.error is None for one in (done[0], *done[2:]))
            if bad == "crash":
                assert isinstance(done[1], WorkerCrashedError)
            else:
                assert done[1].outcome.error == {"xzqj": "text_unknown_words", "bug": "internal"}[bad]

    asyncio.run(run())


def test_a_clip_that_hangs_does_not_cost_those_of_its_batch():
    async def run():
        async with pool_of("together", timeout_s=3.0) as (pool, _):
            done = await asyncio.gather(
                *(ask(pool, text) for text in ("hello", "hang")), return_exceptions=True
            )
            assert done[0].outcome.error is None
            assert isinstance(done[1], ClipTimeoutError)

    asyncio.run(run())


def test_stopping_while_a_worker_is_killed_leaves_no_pipe_open(monkeypatch):
    begin, processes = asyncio.create_subprocess_exec, []

    async def noted(*command, **how):
        processes.append(await begin(*command, **how))
        return processes[-1]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", noted)

    async def run():
        async with pool_of(timeout_s=1.0) as (pool, _):
            with pytest.raises(ClipTimeoutError):
                await ask(pool, "hang")

    asyncio.run(run())
    assert processes
    assert all(process._transport.is_closing() for process in processes)


def test_a_bug_is_logged_by_its_place_and_not_by_what_it_says(capfd):
    async def run():
        async with pool_of() as (pool, _):
            assert (await ask(pool, "a secret bug")).outcome.error == "internal"

    asyncio.run(run())
    logged = capfd.readouterr().err
    assert "bug: ZeroDivisionError at " in logged
    assert "serve_worker.py:" in logged
    assert "secret" not in logged


def test_an_engine_that_cannot_be_loaded_says_why_once():
    async def run():
        pool = WorkerPool(
            [sys.executable, WORKER, "none", "60"], workers=2, timeout_s=1, metrics=ServiceMetrics()
        )
        pool.start()
        assert await asyncio.wait_for(pool.load_error(), 20) == "there is no such model"
        assert not pool.ready
        await pool.stop()

    asyncio.run(run())


def test_a_program_that_is_no_worker_is_tried_again_and_never_ready(capfd):
    async def run():
        metrics = ServiceMetrics()
        pool = WorkerPool([sys.executable, "-c", "print('hello')"], workers=1, timeout_s=1, metrics=metrics)
        pool.start()
        while restarts(metrics) < 2:
            await asyncio.sleep(0.02)
        assert not pool.ready
        await pool.stop()
        await asyncio.sleep(0.05)  # for the pipes to be closed

    asyncio.run(asyncio.wait_for(run(), 20))


def test_a_clip_of_ten_megabytes_goes_through_the_pipes():
    async def run():
        async with pool_of() as (pool, _):
            answer = await pool.assess(ClipJob(id="a", text="hello"), CLIP + bytes(10_000_000))
            assert answer.outcome.error is None

    asyncio.run(run())
