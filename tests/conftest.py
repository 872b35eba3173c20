"""The environment of all tests, and fixtures that many of them share."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

# Libraries read these when they are imported, so they come before all imports. Without them, the hub library
# looks for models online, threads slow small models down, and tokenizers warn in forked processes.
os.environ |= {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from support.paths import REPOSITORY

# A slow machine is no error.
settings.register_profile("any_machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any_machine")


def pytest_collection_finish() -> None:
    """Let Python's garbage collector leave out all modules and tests, so that it has less to go through."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def corpus_folder() -> Path:
    """The folder of Speechocean762; tests that ask for it are skipped if there is none."""
    given = os.environ.get("ENUNCIATE_CORPUS")
    folder = Path(given) if given else REPOSITORY.parent / "shared" / "data" / "speechocean762"
    if not (folder / "resource" / "scores.json").is_file():
        pytest.skip(f"no Speechocean762 at {folder}: set ENUNCIATE_CORPUS to its folder")
    return folder


@pytest.fixture(scope="module")
def one_thread():
    """Let torch use one thread, with which sums have a fixed order."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def tone():
    """Make a sine: `tone(duration_s, rate_hz=16000, level=0.3)` is float32, shape (samples,)."""

    def make(duration_s: float, rate_hz: int = 16_000, level: float = 0.3):
        time_s = np.arange(round(duration_s * rate_hz)) / rate_hz
        return (level * np.sin(2 * np.pi * 220 * time_s)).astype(np.float32)

    return make


@pytest.fixture(scope="module")
def chromium() -> Iterator[Callable]:
    """Start Chromium, once for each set of arguments.

    It is closed after each module: an event loop runs until then, and no other test could run its own.
    """
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    running = {}
    with playwright.sync_playwright() as driver:

        def start(*arguments: str):
            if arguments not in running:
                running[arguments] = driver.chromium.launch(
                    executable_path=program, args=["--no-sandbox", *arguments]
                )
            return running[arguments]

        yield start
        for browser in running.values():
            browser.close()
