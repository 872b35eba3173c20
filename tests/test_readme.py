"""What the README shows works: its Python example runs, and its commands exist."""

import ast
import os
import re
import shlex
import subprocess
import sys

import pytest
from support.paths import REPOSITORY, WEIGHTS
from typer.testing import CliRunner

from enunciate.cli.app import app

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
DESCRIPTION = WEIGHTS / "pocket.json"


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


@pytest.mark.skipif(not DESCRIPTION.is_file(), reason=f"no packaged weights: {DESCRIPTION}")
def test_the_python_example_runs() -> None:
    (example,) = blocks("python")
    done = subprocess.run(
        [sys.executable, "-c", example],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len([line for line in example.splitlines() if line]) == 5
    words = [word for word, _, _ in ast.literal_eval(done.stdout)]
    assert words == ["I", "think", "the", "weather", "is", "nice", "today"]


def test_the_options_of_the_examples_exist() -> None:
    commands = [
        shlex.split(line, comments=True)
        for block in blocks("sh")
        for line in block.splitlines()
        if line.startswith("enunciate ")
    ]
    assert commands
    for _, command, *arguments in commands:
        shown = CliRunner().invoke(app, [command, "--help"])
        assert shown.exit_code == 0, command
        for option in (argument for argument in arguments if argument.startswith("--")):
            assert option in shown.stdout, f"{command} {option}"


def test_the_targets_of_make_exist() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", "\n".join(blocks("sh")), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_links_lead_to_files() -> None:
    for link in re.findall(r"\]\(([^)]+)\)", README):
        assert link.startswith("https://") or (REPOSITORY / link).exists(), link
