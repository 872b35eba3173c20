"""A real server on the loopback interface: how it starts, refuses, loses clients, and stops."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from support.paths import SOURCE
from support.serve_cases import CLIP, Server, metric, post, server, tone, wait_ready
from support.serve_gate import LIMIT_S, wait_until
from support.speech_streams import sound
from typer.testing import CliRunner
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from enunciate.cli.app import app
from enunciate.serve.http.websocket_connection import MAX_MESSAGE_BYTES

pytestmark = pytest.mark.slow

SECRET = "xylophone weather"
ROUTE = "/v1/assessments"


def form(text: str, audio: bytes = CLIP) -> tuple[bytes, bytes]:
    """Head and body of a request."""
    body = (
        b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n' + text.encode() + b"\r\n"
        b'--x\r\nContent-Disposition: form-data; name="audio"\r\n\r\n' + audio + b"\r\n--x--\r\n"
    )
    head = (
        "POST /v1/assessments HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode(), body


def connected(client: httpx.Client) -> socket.socket:
    return socket.create_connection((client.base_url.host, client.base_url.port), timeout=LIMIT_S)


def read_answer(connection: socket.socket) -> bytes:
    data = b""
    while chunk := connection.recv(65536):
        data += chunk
        head, separator, body = data.partition(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
        if separator and lengths and len(body) >= int(lengths[0].split(b":")[1]):
            break
    return data


def queue_depth(client: httpx.Client) -> float:
    return metric(client, "enunciate_queue_depth")


@pytest.fixture(scope="module")
def shared() -> Iterator[Server]:
    """One worker, and room for one clip in the queue."""
    with server(queue_size=1, max_bytes=500_000) as running:
        yield running


@pytest.fixture
def small(shared: Server) -> Server:
    shared.gate.reset()
    wait_ready(shared.client)
    return shared


def test_a_full_service_refuses_before_the_body_is_read(small):
    shed = metric(small.client, "enunciate_sheds_total")
    with ThreadPoolExecutor() as others:
        held = [others.submit(post, small.client, "hold") for _ in range(2)]
        small.gate.wait_held()
        wait_until(lambda: queue_depth(small.client) == 1, "the queue is full")
        with connected(small.client) as connection:
            connection.sendall(form("hello")[0])  # and no body
            answer = read_answer(connection)
        assert answer.startswith(b"HTTP/1.1 429 ")
        assert b"retry-after: 1\r\n" in answer.lower()
        assert b"urn:enunciate:problem:full" in answer
        small.gate.open()
        assert [one.result().status_code for one in held] == [200, 200]
    assert metric(small.client, "enunciate_sheds_total") == shed + 1
    assert post(small.client).status_code == 200


def test_a_client_that_leaves_takes_its_clip_out_of_the_queue(small):
    restarts = metric(small.client, "enunciate_worker_restarts_total")
    with ThreadPoolExecutor() as others:
        held = others.submit(post, small.client, "hold")
        small.gate.wait_held()
        with connected(small.client) as connection:
            connection.sendall(b"".join(form("crash")))
            wait_until(lambda: queue_depth(small.client) == 1, "the clip is queued")
        wait_until(lambda: queue_depth(small.client) == 0, "the clip has left the queue")
        small.gate.open()
        assert held.result().status_code == 200
        assert post(small.client).status_code == 200
    assert metric(small.client, "enunciate_worker_restarts_total") == restarts


def test_a_client_that_leaves_while_its_clip_runs_harms_nobody(small):
    gone = f'enunciate_requests_total{{route="{ROUTE}",status="499"}}'
    before = metric(small.client, gone)
    with connected(small.client) as connection:
        connection.sendall(b"".join(form("hold")))
        small.gate.wait_held()
    wait_until(lambda: metric(small.client, gone) == before + 1, "the request has ended")
    small.gate.open()
    assert post(small.client).status_code == 200


def test_a_worker_that_crashes_costs_one_request(small):
    crashed = post(small.client, "crash")
    assert (crashed.status_code, crashed.json()["type"]) == (500, "urn:enunciate:problem:crashed")
    wait_ready(small.client)
    assert post(small.client).status_code == 200


def test_a_body_without_end_is_cut_off(small):
    with connected(small.client) as connection:
        connection.sendall(form("a")[0].replace(b"Content-Length", b"Transfer-Encoding: chunked\r\nX-Old"))
        sent = 0
        with contextlib.suppress(ConnectionError):
            while sent < 100_000_000:
                connection.sendall(b"186a0\r\n" + b"x" * 100_000 + b"\r\n")
                sent += 100_000
    assert 500_000 < sent < 100_000_000


def test_a_body_that_is_somewhat_too_large_gets_its_answer(small):
    assert post(small.client, audio=bytes(15_000_000)).status_code == 413
    in_chunks = small.client.post(
        ROUTE,
        content=(b"x" * 100_000 for _ in range(150)),
        headers={"Content-Type": "application/json"},
    )
    assert in_chunks.status_code == 413
    assert in_chunks.headers["connection"] == "close"


def test_a_length_too_large_is_refused_before_the_body_comes(small):
    with connected(small.client) as connection:
        connection.sendall(form("hello")[0].replace(b"Content-Length: ", b"Content-Length: 99999"))
        assert read_answer(connection).startswith(b"HTTP/1.1 413 ")
    assert post(small.client, audio=tone(20)).status_code == 413


# ------------------------------------------------------------------------------------------ how it stops


def child_processes(pid: int) -> list[str]:
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return listed.stdout.split()


def has_ended(pid: str) -> bool:
    """A process that nobody has waited for yet is a zombie, and has ended, too."""
    try:
        return ") Z " in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_draining(client: httpx.Client) -> None:
    wait_until(lambda: client.get("/readyz").json()["status"] == "draining", "the service is draining")


@dataclass
class Ended:
    """A server that took requests, and was stopped with Ctrl-C."""

    exit_code: int
    workers: list[str]
    log: str


@pytest.fixture(scope="module")
def ended() -> Ended:
    with server() as running:
        client, process = running.client, running.process
        for text in (SECRET, f"{SECRET} bug", f"{SECRET} 你好", f"{SECRET} crash"):
            post(client, text)
        client.get(f"/{SECRET}?text={SECRET}", headers={"User-Agent": SECRET, "Cookie": SECRET})
        client.post(ROUTE, json={"audio": SECRET, SECRET: SECRET})
        wait_ready(client)
        workers = child_processes(process.pid)
        process.send_signal(signal.SIGINT)
        return Ended(process.wait(LIMIT_S), workers, running.log())


def test_the_log_has_a_line_for_each_request_and_nothing_that_was_said(ended):
    lines = [json.loads(line) for line in ended.log.splitlines() if line.startswith("{")]
    posts = [line for line in lines if line["route"] == ROUTE]
    assert [line["status"] for line in posts] == [200, 500, 422, 500, 422]
    assert lines[0].keys() == {"time", "id", "method", "route", "status", "ms", "bytes"}
    assert posts[0]["bytes"] > len(CLIP)
    assert "bug: ZeroDivisionError at " in ended.log
    assert not re.search("xylophone|weather", ended.log, re.IGNORECASE)


def test_ctrl_c_stops_it_and_leaves_no_worker_behind(ended):
    assert ended.exit_code == 0
    assert len(ended.workers) == 1
    assert all(map(has_ended, ended.workers))


def test_told_to_stop_it_finishes_what_is_in_progress_and_admits_no_more():
    with server() as running, ThreadPoolExecutor() as others:
        held = others.submit(post, running.client, "hold")
        running.gate.wait_held()
        running.process.send_signal(signal.SIGTERM)
        wait_draining(running.client)
        assert running.client.get("/readyz").status_code == 503
        refused = post(running.client)
        assert (refused.status_code, refused.json()["type"]) == (503, "urn:enunciate:problem:draining")
        running.gate.open()
        assert held.result().status_code == 200
        assert running.process.wait(LIMIT_S) == 0


def test_told_to_stop_it_finishes_what_is_streamed_and_closes_idle_connections():
    with server() as running, connect(stream_address(running)) as idle:
        with connect(stream_address(running)) as streaming:
            streaming.send(json.dumps({"text": "hold"}))
            streaming.send(sound(1.0))
            streaming.send('{"end": true}')
            running.gate.wait_held()
            running.process.send_signal(signal.SIGTERM)
            wait_draining(running.client)
            idle.send(json.dumps({"text": "hello"}))
            assert json.loads(idle.recv())["problem"]["type"] == "urn:enunciate:problem:draining"
            running.gate.open()
            assert "assessment" in json.loads(streaming.recv())
        with pytest.raises(ConnectionClosed):
            idle.recv()
        assert running.process.wait(LIMIT_S) == 0


def test_a_message_that_is_too_large_closes_the_websocket():
    with server() as running, connect(stream_address(running)) as streaming:
        streaming.send(json.dumps({"text": "hello"}))
        streaming.send(bytes(MAX_MESSAGE_BYTES + 1))
        with pytest.raises(ConnectionClosed) as closed:
            streaming.recv()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009
        wait_ready(running.client)


def stream_address(running: Server) -> str:
    return f"ws://127.0.0.1:{running.client.base_url.port}/v1/stream"


def test_what_does_not_finish_in_the_grace_period_is_cut_off():
    with server(shutdown_grace_s=0.1) as running, ThreadPoolExecutor() as others:
        held = others.submit(post, running.client, "hang")
        running.gate.wait_held()
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(LIMIT_S) == 0
        assert isinstance(held.exception(), httpx.HTTPError) or held.result().status_code >= 500


def test_a_second_signal_does_not_wait():
    with server(shutdown_grace_s=10 * LIMIT_S) as running, ThreadPoolExecutor() as others:
        held = others.submit(post, running.client, "hang")
        running.gate.wait_held()
        running.process.send_signal(signal.SIGTERM)
        wait_draining(running.client)
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(LIMIT_S) == 0
        held.exception()


def test_killed_roughly_it_leaves_no_worker_behind():
    with server() as running:
        (worker,) = child_processes(running.process.pid)
        running.process.kill()
        running.process.wait(LIMIT_S)
        wait_until(lambda: has_ended(worker), "the worker has ended")


# --------------------------------------------------------------------------------------- the real engine


def test_the_command_serves_the_engine_of_the_package(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "enunciate", "serve", "--port", "0", "--workers", "1"],
        env=os.environ | {"PYTHONPATH": str(SOURCE)},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        address, hint = process.stdout.readline().split(maxsplit=1)
        assert "Ctrl-C" in hint
        with httpx.Client(base_url=address) as client:
            wait_ready(client)
            assert client.get("/v1/models").json()["models"][0]["name"].startswith("pocket")
    finally:
        process.terminate()
        process.communicate(timeout=LIMIT_S)
        assert process.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_served_is_one_line(tmp_path, monkeypatch):
    def line(*arguments: str) -> str:
        done = CliRunner().invoke(app, ["serve", "--workers", "1", *arguments])
        assert done.exit_code == 2, done.output
        (error,) = done.stderr.splitlines()
        return error

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"port {port}" in line("--port", port)
    assert "no such model" in line("--port", "0", "--model", "nothing")
    assert "compile_layers=True is for" in line("--port", "0", "--compile-layers")
    assert "weights=int8 is for" in line("--port", "0", "--weights", "int8")
    keys = tmp_path / "keys"
    assert "cannot be read" in line("--keys", str(keys))
    keys.write_text("# my keys\n")
    assert "has no keys" in line("--keys", str(keys))
    keys.write_text(f"{'a' * 64}  ada\nsecret\n")
    broken = line("--keys", str(keys))
    assert "line 2" in broken and "secret" not in broken
    monkeypatch.setenv("ENUNCIATE_KEY_HASHES", "secret")
    assert "ENUNCIATE_KEY_HASHES" in line("--port", "0")


def test_a_missing_extra_is_named():
    code = (
        "import sys; sys.modules['fastapi'] = None; sys.argv = ['enunciate', 'serve']\n"
        "from enunciate.cli.app import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == "error: fastapi is not installed: pip install 'enunciate[serve]'\n"


def test_many_at_once_are_all_answered():
    with (
        server(workers=2, queue_size=40) as running,
        contextlib.ExitStack() as clients,
        ThreadPoolExecutor(16) as others,
    ):
        local = threading.local()

        def one(number: int) -> int:
            if not hasattr(local, "client"):
                client = httpx.Client(base_url=running.client.base_url, timeout=LIMIT_S)
                local.client = clients.enter_context(client)
            return post(local.client, "hello", tone(1 + number / 100)).status_code

        assert set(others.map(one, range(32))) == {200}
