"""Whatever a client sends, the service responds with 2xx or 4xx before long, and works as before afterwards.

Set `ENUNCIATE_FUZZ=10000 ENUNCIATE_FUZZ_SEED=2` for a long run: that many broken files in place of 200, and
everything else in proportion.
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import hypothesis
import pytest
from support.azure_client import CONVERSATION
from support.broken_audio import SAID, bombs, broken_audio, whole
from support.broken_requests import broken_forms, broken_http, broken_json, broken_options, slow_pieces
from support.broken_streams import (
    azure_turn,
    broken_frames,
    broken_handshakes,
    broken_headers,
    broken_streams,
    handshake,
    stream,
)
from support.paths import SOURCE
from support.serve_gate import wait_until
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

pytestmark = pytest.mark.slow

N_FILES = int(os.environ.get("ENUNCIATE_FUZZ", "200"))
MORE = max(1, N_FILES // 200)
SEED = os.environ.get("ENUNCIATE_FUZZ_SEED", "1")
TIMEOUT_S = 30
"""The time-out of the service, which no clip may need."""
LIMIT_S = 120.0
"""A response that takes longer is a hang."""
AT_ONCE = 6
GROWTH_MB = 64
BOMBS_GROWTH_MB = 256
"""The allocator keeps up to 140 MB of what the largest clips took; a leak would grow with each of them."""
LOGGED = ("{", "Note: ", "Warning: ", "[src/libmpg123/")
"""How lines begin: our own, and those of the MP3 decoder, which cannot be silenced."""
BOUNDARY = b"a-boundary"
READY = b"GET /readyz HTTP/1.0\r\n\r\n"
OPTIONS = {"ReferenceText": SAID, "GradingSystem": "HundredMark", "Granularity": "Phoneme"}
AZURE = "/speech/recognition/conversation/cognitiveservices/v1?language=en-US&format=detailed"
GOOD = next(data for form, data in whole() if form == "FLAC")

Case = TypeVar("Case")


@dataclass
class Answer:
    status: int
    body: bytes


@dataclass
class Target:
    """A real server with the packaged engine."""

    port: int
    pid: int
    log: Path

    def send(self, pieces: Iterable[bytes], *, pause_s: float = 0.0, whole: bool = True) -> Answer | None:
        """Return the response, or None if the connection is closed without one; a hang is a `TimeoutError`.

        Args:
            pieces: sent one after another.
            pause_s: pause after each of them.
            whole: whether they are a request; if not, the server is told that no more bytes follow.
        """
        with socket.create_connection(("127.0.0.1", self.port), timeout=LIMIT_S) as connection:
            with contextlib.suppress(
                ConnectionError
            ):  # refused before it was all sent: the answer may be there
                for piece in pieces:
                    connection.sendall(piece)
                    time.sleep(pause_s)
            if whole:
                return _read(connection, LIMIT_S)
            with contextlib.suppress(TimeoutError):
                return _read(connection, 0.5)
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_WR)
            return _read(connection, LIMIT_S)

    def post(self, path: str, content_type: bytes, body: bytes, *headers: bytes) -> Answer:
        answer = self.send([_request(path, content_type, body, *headers)])
        assert answer is not None, "no answer"
        return answer

    def processes(self) -> list[int]:
        """The server, then its workers."""
        children = [
            int(child)
            for task in Path(f"/proc/{self.pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
        return [self.pid, *children]

    def memory_mb(self) -> list[float]:
        matches = [
            re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{p}/status").read_text()) for p in self.processes()
        ]
        return [int(one.group(1)) / 1024 for one in matches if one]

    def n_open_files(self) -> int:
        return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in self.processes())

    def good_answer(self) -> Any:
        answer = self.post("/v1/assessments", *_form(GOOD, SAID))
        assert answer.status == 200
        return json.loads(answer.body)


def _read(connection: socket.socket, within_s: float) -> Answer | None:
    """Read one response, by its length; the connection may stay open after it."""
    connection.settimeout(within_s)
    data = b""
    with_length = re.compile(
        rb"HTTP/1\.1 (\d{3}) .*?\r\ncontent-length: (\d+)\r\n.*?\r\n\r\n", re.DOTALL | re.IGNORECASE
    )
    while True:
        match = with_length.match(data.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n"))
        if match and len(data) >= match.end() + int(match.group(2)):
            return Answer(int(match.group(1)), data[match.end() :][: int(match.group(2))])
        try:
            chunk = connection.recv(1 << 16)
        except ConnectionError:
            chunk = b""
        if not chunk:
            early = re.match(rb"HTTP/1\.[01] (\d{3})", data)
            return Answer(int(early.group(1)), data.partition(b"\r\n\r\n")[2]) if early else None
        data += chunk


def _request(path: str, content_type: bytes, body: bytes, *headers: bytes) -> bytes:
    lines = (
        f"POST {path} HTTP/1.1".encode(),
        b"Host: a",
        b"Connection: close",
        b"Content-Type: " + content_type,
        b"Content-Length: %d" % len(body),
        *headers,
    )
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def _form(audio: bytes, text: str) -> tuple[bytes, bytes]:
    """Content type and body."""
    parts = [
        b'--%b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (BOUNDARY, name, value)
        for name, value in ((b"id", b"good"), (b"text", text.encode()), (b"audio", audio))
    ]
    return b"multipart/form-data; boundary=" + BOUNDARY, b"".join(parts) + b"--" + BOUNDARY + b"--\r\n"


def _json(audio: bytes) -> dict[str, str]:
    return {"audio": base64.b64encode(audio).decode(), "text": SAID}


def _options(options: Any = OPTIONS) -> bytes:
    return b"Pronunciation-Assessment: " + base64.b64encode(json.dumps(options).encode())


@pytest.fixture(scope="module")
def target(tmp_path_factory) -> Iterator[Target]:
    log = tmp_path_factory.mktemp("fuzz") / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "enunciate",
                "serve",
                "--port",
                "0",
                "--workers",
                "2",
                "--timeout-s",
                str(TIMEOUT_S),
            ],
            env=os.environ | {"PYTHONPATH": str(SOURCE)},
            stdout=subprocess.PIPE,
            stderr=out,
            text=True,
        )
        try:
            port = int(process.stdout.readline().split()[0].rpartition(":")[2])
            target = Target(port, process.pid, log)
            wait_until(lambda: target.send([READY]).status == 200, "the service is ready")
            for _ in range(2 * AT_ONCE):  # memory grows to its usual size
                target.post("/v1/assessments", *_form(GOOD, SAID))
            yield target
        finally:
            process.terminate()
            process.communicate(timeout=LIMIT_S)
            assert process.returncode == 0


@contextmanager
def unharmed(target: Target, growth_mb: float = GROWTH_MB) -> Iterator[None]:
    """Check that it responds as before, with the same workers, open files, memory and a clean log."""
    answer, processes, files, log = (
        target.good_answer(),
        target.processes(),
        target.n_open_files(),
        target.log.stat(),
    )
    memory = target.memory_mb()
    yield
    wait_until(lambda: target.n_open_files() <= files, "files and connections are closed")
    assert target.good_answer() == answer
    assert target.processes() == processes, "a worker was replaced"
    grown = [after - before for before, after in zip(memory, target.memory_mb(), strict=True)]
    assert max(grown) < growth_mb, grown
    with target.log.open() as lines:
        lines.seek(log.st_size)
        assert not [line for line in lines if line.strip() and not line.startswith(LOGGED)]


def all_answered(cases: Iterable[Case], one: Callable[[Case], int | None], expected: set[int | None]) -> None:
    """Send all, several at once; None stands for a connection that was closed without a response."""
    cases = list(cases)
    with ThreadPoolExecutor(AT_ONCE) as others:
        statuses = list(others.map(one, cases))
    print(Counter(statuses))
    wrong = [(number, status) for number, status in enumerate(statuses) if status not in expected]
    assert not wrong


def post_audio(target: Target, number: int, audio: bytes) -> int:
    """Send a clip as a form, as JSON and in Azure's form, in turn."""
    if number % 3 == 0:
        answer = target.post("/v1/assessments", *_form(audio, SAID))
    elif number % 3 == 1:
        answer = target.post("/v1/assessments", b"application/json", json.dumps(_json(audio)).encode())
    else:
        answer = target.post(AZURE, b"audio/wav", audio, _options())
        return answer.status
    if answer.status != 200:
        assert json.loads(answer.body)["status"] == answer.status
    return answer.status


AUDIO_STATUSES = {200, 400, 413, 415, 422}


def test_broken_audio_harms_nothing(target):
    def one(number: int) -> int:
        return post_audio(target, number, broken_audio(f"{SEED}-{number}"))

    with unharmed(target):
        all_answered(range(N_FILES), one, AUDIO_STATUSES)


def test_decompression_bombs_harm_nothing(target):
    with unharmed(target, BOMBS_GROWTH_MB):
        cases = list(itertools.product(range(3), bombs()))
        all_answered(cases, lambda case: post_audio(target, *case), AUDIO_STATUSES)


def test_broken_json_harms_nothing(target):
    def one(body: bytes) -> int:
        return target.post("/v1/assessments", b"application/json", body).status

    def several(body: bytes) -> int:
        return target.post("/v1/assessments:batch", b"application/json", b"[" + body + b"]").status

    with unharmed(target):
        bodies = broken_json(_json(GOOD), 80 * MORE)
        all_answered(bodies, one, {200, 400, 413, 415, 422})
        all_answered(bodies, several, {200, 400, 413, 422})


def test_broken_forms_harm_nothing(target):
    def one(case: tuple[bytes, bytes]) -> int:
        return target.post("/v1/assessments", *case).status

    with unharmed(target):
        cases = broken_forms(_form(GOOD, SAID)[1], BOUNDARY, 80 * MORE)
        all_answered(cases, one, {200, 400, 413, 415, 422})


def test_broken_options_harm_nothing(target):
    def one(value: bytes) -> int:
        return target.post(AZURE, b"audio/wav", GOOD, b"Pronunciation-Assessment: " + value).status

    with unharmed(target):
        all_answered(broken_options(OPTIONS, 60 * MORE), one, {200, 400})


def test_bytes_that_are_not_http_harm_nothing(target):
    def one(data: bytes) -> int | None:
        answer = target.send([data], whole=False)
        return answer.status if answer else None

    with unharmed(target):
        good = _request("/v1/assessments", *_form(GOOD, SAID))
        all_answered(broken_http(good, 110 * MORE), one, {None, 200, 307, *range(400, 500)})


SOCKETS = pytest.mark.parametrize(("path", "whole"), [(CONVERSATION, azure_turn()), ("/v1/stream", stream())])


@SOCKETS
def test_broken_messages_of_websockets_harm_nothing(target, path, whole):
    def one(messages: list[str | bytes]) -> int | None:
        """The code with which the service closes the connection, or None if it waits for more."""
        with (
            connect(f"ws://127.0.0.1:{target.port}{path}") as client,
            contextlib.suppress(ConnectionClosed, TimeoutError),
        ):
            for message in messages:
                client.send(message)
            while True:
                client.recv(timeout=0.5)
        return client.protocol.close_code if client.protocol.close_code != 1000 else None

    with unharmed(target):
        cases = broken_streams(whole, 60 * MORE)
        all_answered(cases + broken_headers(), one, {None, 1007} if path == CONVERSATION else {None})


@SOCKETS
def test_broken_handshakes_and_frames_of_websockets_harm_nothing(target, path, whole):
    def one(pieces: list[bytes]) -> int | None:
        answer = target.send(pieces, pause_s=0.05, whole=False)
        return answer.status if answer else None

    with unharmed(target):
        handshakes = [[data] for data in broken_handshakes(path)]
        all_answered(handshakes, one, {None, 101, *range(400, 500)})
        frames = [[handshake(path), data] for data in broken_frames(whole, 60 * MORE)]
        all_answered(frames, one, {None, 101})  # None if they come before the answer


def test_clients_that_are_slow_or_leave_harm_nothing(target):
    good = _request("/v1/assessments", *_form(GOOD, SAID))

    def one(number: int) -> int | None:
        pieces = slow_pieces(good, 10)[: 11 if number % 2 else number % 10]
        answer = target.send(pieces, pause_s=0.02, whole=number % 2 == 1)
        return answer.status if answer else None

    with unharmed(target):
        all_answered(range(30 * MORE), one, {None, 200})


def audio_as_it_is(context, value):
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


def test_requests_generated_from_the_description_are_answered_as_described(target):
    """Responses must be what `/openapi.json` says."""
    import schemathesis  # here, because it takes two seconds
    from schemathesis.generation import GenerationMode
    from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

    schemathesis.serializer("audio/wav", "audio/ogg")(audio_as_it_is)
    described = schemathesis.openapi.from_url(f"http://127.0.0.1:{target.port}/openapi.json")
    settings = hypothesis.settings(
        max_examples=10 * MORE,
        derandomize=MORE == 1,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    for described_operation, mode in itertools.product(described.get_all_operations(), GenerationMode):
        operation = described_operation.ok()
        if operation.method == "get" and mode is GenerationMode.NEGATIVE:
            continue  # it has no parameters that could be wrong

        @settings
        @hypothesis.given(operation.as_strategy(generation_mode=mode))
        def one(case):
            # A valid request need not hold audio; and except for JSON, any bytes are valid.
            excluded = [positive_data_acceptance]
            if case.media_type != "application/json":
                excluded.append(negative_data_rejection)
            case.call_and_validate(timeout=LIMIT_S, excluded_checks=excluded)

        with unharmed(target):
            one()
