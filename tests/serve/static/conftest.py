"""A real service, and Chromium on its page; a file stands in for the microphone."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from support.page_cases import EXAMPLE, NO_VOICE, WATCH
from support.paths import SOURCE
from support.serve_gate import wait_until


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Where `enunciate serve` listens, with the pocket engine."""
    pytest.importorskip("fastapi", reason="the service is not installed: pip install 'enunciate[serve]'")
    command = [sys.executable, "-m", "enunciate", "serve", "--port", "0", "--workers", "1"]
    environment = os.environ | {"PYTHONPATH": str(SOURCE), "OMP_NUM_THREADS": "1"}
    service = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    )
    try:
        assert service.stdout is not None
        base = service.stdout.readline().split()[0]
        wait_until(lambda: _is_ready(base), "the service is ready")
        yield base
    finally:
        service.terminate()
        service.communicate(timeout=30)


def _is_ready(base: str) -> bool:
    try:
        with urllib.request.urlopen(f"{base}/readyz") as answer:
            return answer.status == 200
    except urllib.error.URLError:
        return False


@pytest.fixture
def open_page(chromium, address) -> Iterator[Callable]:
    """Open the page; at the end of the test it must have had no script error and no policy violation."""
    opened = []

    def make(
        *arguments: str,
        at: str | None = None,
        scripts: tuple[str, ...] = (),
        voice: str = NO_VOICE,
        warns: str | None = None,
        **context,
    ):
        context = {"viewport": {"width": 1000, "height": 800}, "reduced_motion": "reduce"} | context
        page = chromium(*arguments).new_context(**context).new_page()
        page.set_default_timeout(60_000)
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console",
            lambda said: (
                said.type in {"error", "warning"}
                and (warns is None or warns not in said.text)
                and problems.append(said.text)
            ),
        )
        opened.append((page, problems))
        for script in (WATCH, voice, *scripts):
            page.add_init_script(script)
        page.goto(f"{at or address}/")
        page.wait_for_selector("#record[data-state=idle]")
        return page

    yield make
    for page, problems in opened:
        violations = page.evaluate("window.violations")
        page.context.close()
        # What the network answered with is the matter of the tests that ask for it.
        assert [text for text in problems if not text.startswith("Failed to load resource")] == []
        assert violations == []


@pytest.fixture(scope="session")
def microphone(tmp_path_factory) -> Callable[[Path], tuple[str, ...]]:
    """Arguments for Chromium by which its microphone plays a file once."""
    folder = tmp_path_factory.mktemp("microphone")

    def arguments(clip: Path) -> tuple[str, ...]:
        samples, rate_hz = sf.read(clip, dtype="float32")
        wav = folder / f"{clip.stem}.wav"
        sf.write(wav, samples, rate_hz, subtype="PCM_16")
        return _fake_device(f"--use-file-for-fake-audio-capture={wav}%noloop")

    return arguments


@pytest.fixture(scope="session")
def muted_microphone(tmp_path_factory) -> tuple[str, ...]:
    """Arguments for Chromium by which its microphone hears next to nothing, at -80 dBFS."""
    wav = tmp_path_factory.mktemp("muted") / "muted.wav"
    noise = np.random.default_rng(0).normal(scale=1e-4, size=5 * 48_000)
    sf.write(wav, noise, 48_000, subtype="PCM_16")
    return _fake_device(f"--use-file-for-fake-audio-capture={wav}")


def _fake_device(file: str) -> tuple[str, ...]:
    return ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", file)


@pytest.fixture
def assessed(open_page) -> Callable:
    """A page with the result of a file; by default "I think the weather is lice today"."""

    def make(clip: Path = EXAMPLE, **how):
        page = open_page(**how)
        page.set_input_files("#file", clip)
        page.wait_for_selector("#result:not([hidden])")
        page.wait_for_selector(".attempts li")
        return page

    return make
