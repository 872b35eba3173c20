"""A benchmark that is killed, and the same command again."""

import os
import signal
import subprocess
import sys
import time

import pytest
from support.benchmark_cases import TINY, arguments, benchmark, make_root
from support.paths import SOURCE
from support.speech_lm_runs import log_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]
pytest.importorskip("peft")


def test_a_killed_run_resumes_from_the_trainers_own_checkpoint(tmp_path):
    """The process is killed in training; the steps before its checkpoint are not trained again."""
    root = make_root(tmp_path)
    out, rows = root / "killed", ("phi4-lora",)
    settings = (*TINY, "phi4-lora:save_every=2", "phi4-lora:epochs=8")
    command = [sys.executable, "-m", "enunciate", *map(str, arguments(root, out, rows, settings))]
    environment = os.environ | {"PYTHONPATH": str(SOURCE)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    model = out / "stages" / "phi4-lora" / "model"
    while not list(model.glob("checkpoints/*/complete.json")):
        assert process.poll() is None, "it ended before its first checkpoint"
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not model.with_name("model.done.json").exists(), "it was killed before the end"
    first = log_of(model, "loss")

    code, text = benchmark(root, out, rows=rows, settings=settings)
    steps = [line["step"] for line in log_of(model, "loss")]

    assert code == 0, text
    assert steps == sorted(set(steps)) and len(steps) > len(first), "one line per step, over both runs"
    assert [line for line in log_of(model, "loss") if line["step"] == 1] == first[:1], "that of the first run"
