"""A tiny corpus, a tiny checkpoint and recipes for them, to train on a CPU in a second or two."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import yaml
from support.paths import REPOSITORY
from support.speech_lm_cases import save_checkpoint
from support.tone_corpus import make_corpus

from enunciate.speech_lm.training.adapter_recipe import AdapterRecipe


def make_material(root: Path) -> Path:
    """A folder with `corpus` (8 speakers, 3 clips each) and `base`."""
    make_corpus(root / "corpus", {"train": 4, "test": 4}, clips_each=3)
    save_checkpoint(root / "base")
    return root


def tiny_recipe(root: Path, out: Path, **values) -> AdapterRecipe:
    """Six examples of each task to learn from (four of MDD alone choose the best), three steps an epoch."""
    given = {
        "kind": "phi4",
        "corpus": root / "corpus",
        "model": str(root / "base"),
        "out": out,
        "device": "cpu",
        "precision": "fp32",
        "dev_speakers": 2,
        "batch_size": 2,
        "accumulation": 2,
        "epochs": 2,
        "learning_rate": 1e-3,
        "log_every": 1,
        "report": False,
        "prompt": {"rubric": False},
    }
    return AdapterRecipe(**(given | values))


def write_recipe(recipe: AdapterRecipe, path: Path) -> Path:
    path.write_text(yaml.safe_dump(json.loads(recipe.model_dump_json())), encoding="utf-8")
    return path


def log_of(out: Path, key: str) -> list[dict]:
    """The lines of a log that have a key."""
    lines = map(json.loads, (out / "log.jsonl").read_text().splitlines())
    return [line for line in lines if key in line]


def run_python(*arguments: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """A process of its own, on one thread: only so does it add up in the same order."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(map(str, (REPOSITORY / "src", REPOSITORY / "tests"))),
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True, text=True, env=environment, check=False, timeout=1200,
    )  # fmt: skip
    assert not check or done.returncode == 0, done.stderr[-4000:]
    return done
