"""`enunciate train`: the checks before a trainer starts, and the log of one."""

import sys
from pathlib import Path

import pytest
from support.command_line import error_line, run
from support.paths import RECIPES

from enunciate import trainers
from enunciate.storage import event_log


def test_train_lists_every_problem_of_a_recipe(tmp_path: Path) -> None:
    recipe = tmp_path / "r.yaml"
    recipe.write_text("kind: pocket\nepochs: none\ntypo: 1\n")
    result = run("train", recipe, "seed=x", "oops")
    assert (result.exit_code, result.stdout) == (2, "")
    first, *problems = result.stderr.splitlines()
    assert first.startswith("error: ")
    assert sorted(line.strip().split(":")[0] for line in problems) == [
        "corpus", "epochs", "oops", "out", "seed", "typo",
    ]  # fmt: skip


def test_train_names_the_missing_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = tmp_path / "r.yaml"
    recipe.write_text("kind: pocket\ncorpus: c\nout: o\n")
    for name in [name for name in sys.modules if name.split(".")[0] == "torch" or "train_pocket" in name]:
        monkeypatch.delitem(sys.modules, name)
    for package in ("torch", "kaldialign", "safetensors"):
        monkeypatch.setitem(sys.modules, package, None)
    assert "pip install 'enunciate[train]'" in error_line(run("train", recipe))


def test_a_recipe_is_found_by_its_name() -> None:
    result = run("train", "gop", "members=x", "typo=1")
    assert result.exit_code == 2
    first, *problems = result.stderr.splitlines()
    assert first == f"error: {RECIPES / 'gop.yaml'} cannot be used:"
    assert [problem.strip().partition(":")[0] for problem in problems] == ["members", "typo"]


def test_the_log_of_a_trainer_goes_to_stderr_and_the_metrics_to_stdout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def train(_recipe: object, **_options: bool) -> dict[str, str]:
        event_log(tmp_path / "log.jsonl")(step=1, loss=0.5)
        return {"total": "0.9"}

    monkeypatch.setattr(trainers, "run", train)
    result = run("train", "gop", f"out={tmp_path}")
    assert result.exit_code == 0, result.output
    assert '{"step": 1, "loss": 0.5}' in result.stderr
    assert result.stdout == f"total  0.9\nwritten to {tmp_path}\n"
    assert (tmp_path / "log.jsonl").read_text() == '{"step": 1, "loss": 0.5}\n'
