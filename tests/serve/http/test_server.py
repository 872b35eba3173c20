"""A real server on the loopback interface: how it starts, refuses, is left, and stops."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from support.serve_cases import CLIP, ROOT, post, server, tone, wait_ready
from typer.testing import CliRunner

from enunciate.cli.app import app

SECRET = "xylophone weather"


def metric(client: httpx.Client, name: str) -> float:
    lines = client.get("/metrics").text.splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))


def wait_until(true, what: str, limit_s: float = 10.0) -> None:
    end = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.01)


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
    return socket.create_connection((client.base_url.host, client.base_url.port), timeout=10)


def read_answer(connection: socket.socket) -> bytes:
    data = b""
    while chunk := connection.recv(65536):
        data += chunk
        head, found, body = data.partition(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
        if found and lengths and len(body) >= int(lengths[0].split(b":")[1]):
            break
    return data


@pytest.fixture(scope="module")
def small():
    """One worker, a place in the queue, and little time."""
    with server(queue_size=1, timeout_s=2.0, max_clip_s=1.0, max_bytes=500_000) as found:
        yield found.client


def test_when_full_the_next_is_refused_at_once_and_before_its_body_is_read(small):
    shed = metric(small, "enunciate_sheds_total")
    with ThreadPoolExecutor() as others:
        held = [others.submit(post, small, "wait wait wait") for _ in range(2)]
        wait_until(lambda: metric(small, "enunciate_queue_depth") == 1, "the queue never filled")
        begun = time.monotonic()
        with connected(small) as connection:
            connection.sendall(form("hello")[0])  # and no body
            answer = read_answer(connection)
        assert time.monotonic() - begun < 2.0  # a body that does not come is waited for longer
        assert answer.startswith(b"HTTP/1.1 429 ")
        assert b"retry-after: 1\r\n" in answer.lower()
        assert b"urn:enunciate:problem:full" in answer
        assert [one.result().status_code for one in held] == [200, 200]
    assert metric(small, "enunciate_sheds_total") == shed + 1
    assert post(small).status_code == 200


def test_a_client_that_leaves_takes_its_clip_out_of_the_queue(small):
    with ThreadPoolExecutor() as others:
        held = others.submit(post, small, "wait " * 7)
        time.sleep(0.1)
        restarts = metric(small, "enunciate_worker_restarts_total")
        with connected(small) as connection:
            connection.sendall(b"".join(form("crash")))
            wait_until(lambda: metric(small, "enunciate_queue_depth") == 1, "it never waited")
        wait_until(lambda: metric(small, "enunciate_queue_depth") == 0, "it stayed in the queue", 1.0)
        assert held.result().status_code == 200
        assert post(small).status_code == 200
    assert metric(small, "enunciate_worker_restarts_total") == restarts
    assert metric(small, 'enunciate_requests_total{route="/v1/assessments",status="499"}') >= 1


def test_a_client_that_leaves_while_its_clip_runs_harms_nobody(small):
    with connected(small) as connection:
        connection.sendall(b"".join(form("wait")))
        time.sleep(0.1)
    assert post(small).status_code == 200


def test_a_worker_that_hangs_is_killed_and_the_next_request_is_served(small):
    begun = time.monotonic()
    hung = post(small, "hang")
    assert (hung.status_code, hung.json()["type"]) == (504, "urn:enunciate:problem:timeout")
    assert 1.9 < time.monotonic() - begun < 4.0
    wait_ready(small)
    assert post(small).status_code == 200


def test_a_worker_that_crashes_costs_one_request(small):
    crashed = post(small, "crash")
    assert (crashed.status_code, crashed.json()["type"]) == (500, "urn:enunciate:problem:crashed")
    wait_ready(small)
    assert post(small).status_code == 200


def test_a_body_without_end_is_cut_off(small):
    with connected(small) as connection:
        connection.sendall(form("a")[0].replace(b"Content-Length", b"Transfer-Encoding: chunked\r\nX-Old"))
        sent = 0
        with contextlib.suppress(ConnectionError):
            while sent < 100_000_000:
                connection.sendall(b"186a0\r\n" + b"x" * 100_000 + b"\r\n")
                sent += 100_000
    assert 500_000 < sent < 100_000_000


def test_a_body_that_is_somewhat_too_large_gets_its_answer(small):
    assert post(small, audio=bytes(15_000_000)).status_code == 413
    in_chunks = small.post(
        "/v1/assessments",
        content=(b"x" * 100_000 for _ in range(150)),
        headers={"Content-Type": "application/json"},
    )
    assert in_chunks.status_code == 413
    assert in_chunks.headers["connection"] == "close"


def test_a_length_too_large_is_refused_before_the_body_comes(small):
    with connected(small) as connection:
        connection.sendall(form("hello")[0].replace(b"Content-Length: ", b"Content-Length: 99999"))
        assert read_answer(connection).startswith(b"HTTP/1.1 413 ")
    assert post(small, audio=tone(20)).status_code == 413


def test_a_body_that_does_not_come_is_not_waited_for(small):
    with connected(small) as connection:
        begun = time.monotonic()
        connection.sendall(form("hello")[0] + b"--x")
        answer = read_answer(connection)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert 2.5 < time.monotonic() - begun < 6.0


def test_the_log_has_a_line_for_each_request_and_nothing_of_what_was_said():
    with server(timeout_s=1.0) as found:
        post(found.client, SECRET)
        post(found.client, f"{SECRET} bug")
        post(found.client, f"{SECRET} xzqj")
        post(found.client, f"{SECRET} crash")
        found.client.get(f"/{SECRET}?text={SECRET}", headers={"User-Agent": SECRET, "Cookie": SECRET})
        found.client.post("/v1/assessments", json={"audio": SECRET, SECRET: SECRET})
        found.process.send_signal(signal.SIGTERM)
        log = found.log()
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    posts = [line for line in lines if line["route"] == "/v1/assessments"]
    assert [line["status"] for line in posts] == [200, 500, 422, 500, 422]
    assert lines[0].keys() == {"time", "id", "method", "route", "status", "ms", "bytes"}
    assert posts[0]["bytes"] > len(CLIP)
    assert "bug: ZeroDivisionError at " in log
    assert SECRET not in log
    assert "xylophone" not in log.lower()


def test_told_to_stop_it_finishes_what_is_under_way_and_takes_no_more():
    with server() as found, ThreadPoolExecutor() as others:
        held = others.submit(post, found.client, "wait " * 12)
        time.sleep(0.1)
        found.process.send_signal(signal.SIGTERM)

        def draining() -> bool:
            answer = found.client.get("/readyz")
            return (answer.status_code, answer.json()["status"]) == (503, "draining")

        wait_until(draining, "no draining")
        refused = post(found.client)
        assert (refused.status_code, refused.json()["type"]) == (503, "urn:enunciate:problem:draining")
        assert held.result().status_code == 200
        assert found.process.wait(5) == 0


def test_ctrl_c_stops_it_as_well_and_leaves_no_worker_behind():
    with server() as found:
        found.process.send_signal(signal.SIGINT)
        assert found.process.wait(5) == 0
        assert not workers_of(found.process.pid)


def workers_of(pid: int) -> list[str]:
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return listed.stdout.split()


def test_what_does_not_finish_in_the_time_of_grace_is_cut_off():
    with server(shutdown_grace_s=0.3) as found, ThreadPoolExecutor() as others:
        held = others.submit(post, found.client, "hang")
        time.sleep(0.2)
        found.process.send_signal(signal.SIGTERM)
        assert found.process.wait(5) == 0
        assert isinstance(held.exception(), httpx.HTTPError) or held.result().status_code >= 500


def test_a_second_signal_does_not_wait():
    with server() as found, ThreadPoolExecutor() as others:
        held = others.submit(post, found.client, "hang")
        time.sleep(0.2)
        found.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        begun = time.monotonic()
        found.process.send_signal(signal.SIGTERM)
        assert found.process.wait(5) == 0
        assert time.monotonic() - begun < 2.5
        held.exception()


def test_killed_roughly_it_leaves_no_worker_behind():
    with server() as found:
        workers = workers_of(found.process.pid)
        assert len(workers) == 1
        found.process.kill()
        found.process.wait(5)
        wait_until(lambda: not Path(f"/proc/{workers[0]}").exists() or ended(workers[0]), "it lives on")


def ended(pid: str) -> bool:
    """Nobody may have collected it yet."""
    return ") Z " in Path(f"/proc/{pid}/stat").read_text()


def test_a_key_is_asked_for_where_there_are_keys():
    keys = {name: hashlib.sha256(name.encode()).hexdigest() for name in ("first", "second")}
    with server(key_hashes=list(keys.values())) as found:
        client = found.client
        for headers in ({}, {"X-API-Key": "third"}, {"Authorization": "Bearer third"}, {"X-API-Key": ""}):
            for path in ("/v1/models", "/metrics"):
                assert client.get(path, headers=headers).status_code == 401
            refused = post(client, headers=headers)
            assert refused.status_code == 401
            assert refused.headers["www-authenticate"] == "Bearer"
        for headers in (
            {"X-API-Key": "first"},
            {"Authorization": "Bearer second"},
            {"Ocp-Apim-Subscription-Key": "first"},
        ):
            assert post(client, headers=headers).status_code == 200
        for path in ("/", "/healthz", "/readyz", "/openapi.json"):
            assert client.get(path).status_code == 200


def test_the_command_serves_the_engine_of_the_package(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "enunciate", "serve", "--port", "0", "--workers", "1"],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
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
        assert process.wait(5) == 0
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
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == "error: fastapi is not installed: pip install 'enunciate[serve]'\n"


def test_many_at_once_are_all_answered():
    with server(workers=2, queue_size=40) as found, ThreadPoolExecutor(16) as others:
        local = threading.local()

        def one(number: int) -> int:
            if not hasattr(local, "client"):
                local.client = httpx.Client(base_url=found.client.base_url, timeout=20)
            return post(local.client, "hello", tone(1 + number / 100)).status_code

        assert set(others.map(one, range(32))) == {200}
