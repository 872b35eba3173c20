"""What the tests of the service share: clips, applications with a fake engine, and real server processes."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import soundfile as sf
from starlette.testclient import TestClient
from support.paths import EXAMPLES, SOURCE
from support.serve_gate import LIMIT_S, Gate, wait_until
from support.serve_process import worker_command

from enunciate.serve.http.app import create_app
from enunciate.serve.settings import ServiceSettings

HERE = Path(__file__).parent
SPOKEN = EXAMPLES / "i_think_the_weather_is_nice.flac"
TEXT = "I think the weather is nice today."


def tone(duration_s: float = 1.0, rate_hz: int = 16_000, form: str = "WAV", volume: float = 0.3) -> bytes:
    time_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    file = io.BytesIO()
    sf.write(file, volume * np.sin(2 * np.pi * 220 * time_s), rate_hz, format=form)
    return file.getvalue()


CLIP = tone()


def post(client: httpx.Client, text: str | None = "hello", audio: bytes = CLIP, **more) -> httpx.Response:
    """Send one clip as a form."""
    data = {} if text is None else {"text": text}
    return client.post("/v1/assessments", files={"audio": ("a.wav", audio)}, data=data, **more)


def wait_ready(client: httpx.Client) -> None:
    wait_until(lambda: client.get("/readyz").status_code == 200, "the workers are ready")


def metric(client: httpx.Client, name: str) -> float:
    """The sum of the metrics whose line begins like this."""
    lines = client.get("/metrics").text.splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))


@contextmanager
def application(**settings) -> Iterator[TestClient]:
    """An application in this process, its workers ready."""
    chosen = ServiceSettings(**{"workers": 1, "model": "obedient", "timeout_s": LIMIT_S} | settings)
    with (
        tempfile.TemporaryDirectory() as gate,
        TestClient(create_app(chosen, worker_command(chosen, gate))) as client,
    ):
        client.app_state["gate"] = Gate(Path(gate))
        wait_ready(client)
        yield client


@dataclass
class Server:
    """A server process on the loopback interface."""

    process: subprocess.Popen[str]
    client: httpx.Client
    gate: Gate

    def log(self) -> str:
        """All that it logged, once it has ended."""
        return self.process.communicate(timeout=LIMIT_S)[1]


@contextmanager
def server(**settings) -> Iterator[Server]:
    """A server process, its workers ready."""
    given = json.dumps({"timeout_s": LIMIT_S} | settings)
    with tempfile.TemporaryDirectory() as gate:
        process = subprocess.Popen(
            [sys.executable, str(HERE / "serve_process.py"), given, gate],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(SOURCE)},
        )
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=LIMIT_S) as client:
                wait_ready(client)
                yield Server(process, client, Gate(Path(gate)))
        finally:
            process.kill()
            process.communicate()
