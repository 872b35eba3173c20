"""What all commands share: the version, the help, the log, and `python -m enunciate`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.command_line import run
from support.fake_assessor import FakeAssessor
from support.paths import SOURCE

import enunciate

COMMANDS = [
    "assess",
    "merge",
    "read",
    "evaluate",
    "report",
    "compare",
    "benchmark",
    "train",
    "export",
    "recipes",
    "serve",
    "mcp",
    "info",
]


def test_the_version_is_that_of_the_package() -> None:
    assert run("--version").stdout == f"enunciate {enunciate.__version__}\n"


def test_the_help_lists_every_command() -> None:
    commands = run("--help").stdout.partition("Commands:")[2].splitlines()
    assert [line.split()[0] for line in commands if line[:3].strip()] == COMMANDS


@pytest.mark.parametrize(
    ("command", "extra"),
    [("evaluate", "eval"), ("train", "train"), ("serve", "serve"), ("mcp", "mcp"), ("benchmark", "eval")],
)
def test_the_help_of_a_command_says_how_to_install_what_it_needs(command: str, extra: str) -> None:
    assert f"pip install 'enunciate[{extra}]'" in " ".join(run(command, "--help").stdout.split())


def test_verbose_logs_what_is_done_and_the_default_is_silent(fake: FakeAssessor, clip: Path) -> None:
    missing = clip.with_name("none.wav")
    assert run("assess", clip, missing).stderr.count("\n") == 1
    for _ in range(2):  # each invocation replaces the handler of the one before
        verbose = run("-v", "assess", clip, missing).stderr
        assert verbose.count(f"INFO enunciate.engines: {missing} cannot be assessed") == 1


def test_the_package_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "enunciate", "recipes", "--help"],
        env=os.environ | {"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip().startswith("Usage: enunciate recipes")
