"""Runs of several processes by torchrun's own agent, forked off one process that has imported everything.

    python tests/support/elastic_launch.py RUN.json ...

Each file has a run: `arguments` of `enunciate` and, for a run that is to be killed, `dies_at`, the training
step at which both processes are, and `leaves`, a file that must be there afterwards. New interpreters for all
of these processes would take most of the time of the tests.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import torch
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from enunciate.cli.app import app
from enunciate.speech_lm.training import gradients, train


def work(arguments: list[str], dies_at: int | None) -> None:
    """What each of the processes does."""
    assert train
    torch.set_num_threads(1)
    if dies_at is not None:
        _die_at_step(dies_at)
    code = app(arguments, standalone_mode=False)
    assert not code


def _die_at_step(count: int) -> None:
    real, calls = gradients.answer_loss, []

    def step(*arguments, **options):
        calls.append(1)
        if len(calls) == count:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **options)

    gradients.answer_loss = step


def launch(path: Path) -> None:
    run = json.loads(path.read_text())
    config = LaunchConfig(
        min_nodes=1, max_nodes=1, nproc_per_node=2, run_id=path.stem, rdzv_backend="c10d",
        rdzv_endpoint="localhost:0", max_restarts=0, start_method="fork",
    )  # fmt: skip
    try:
        elastic_launch(config, work)(run["arguments"], run.get("dies_at"))
    except ChildFailedError:
        assert "dies_at" in run, f"{path}: a process failed"
        assert Path(run["leaves"]).is_file()
    else:
        assert "dies_at" not in run, f"{path}: no process was killed"


if __name__ == "__main__":
    for name in sys.argv[1:]:
        launch(Path(name))
