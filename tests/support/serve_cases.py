"""What the tests of the service share: clips, applications with a fake engine, and real server processes."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import soundfile as sf
from starlette.testclient import TestClient
from support.paths import REPOSITORY as ROOT
from support.serve_process import command_of

from enunciate.serve.http.app import create_app
from enunciate.serve.settings import ServiceSettings

HERE = Path(__file__).parent
SPOKEN = ROOT / "examples" / "i_think_the_weather_is_nice.flac"
TEXT = "I think the weather is nice today."


def tone(duration_s: float = 1.0, rate_hz: int = 16_000, form: str = "WAV", volume: float = 0.3) -> bytes:
    time_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    file = io.BytesIO()
    sf.write(file, volume * np.sin(2 * np.pi * 220 * time_s), rate_hz, format=form)
    return file.getvalue()


CLIP = tone()


def post(client: httpx.Client, text: str | None = "hello", audio: bytes = CLIP, **more) -> httpx.Response:
    """One clip, as a form."""
    data = {} if text is None else {"text": text}
    return client.post("/v1/assessments", files={"audio": ("a.wav", audio)}, data=data, **more)


def wait_ready(client: httpx.Client, path: str = "/readyz") -> None:
    for _ in range(400):
        if client.get(path).status_code == 200:
            return
        time.sleep(0.02)
    raise AssertionError("the workers were not ready in time")


@contextmanager
def application(**settings) -> Iterator[TestClient]:
    """An application in this process, its workers ready."""
    chosen = ServiceSettings(**{"workers": 1, "model": "moody"} | settings)
    with TestClient(create_app(chosen, command_of(chosen))) as client:
        wait_ready(client)
        yield client


@dataclass
class Server:
    """A server process on the loopback interface."""

    process: subprocess.Popen[str]
    client: httpx.Client

    def log(self) -> str:
        """All that it wrote, once it has ended."""
        return self.process.communicate(timeout=20)[1]


@contextmanager
def server(**settings) -> Iterator[Server]:
    process = subprocess.Popen(
        [sys.executable, str(HERE / "serve_process.py"), json.dumps(settings)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
    )
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            wait_ready(client)
            yield Server(process, client)
    finally:
        process.kill()
        process.communicate()
