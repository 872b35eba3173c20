"""What the README shows is true: its example, the picture of the terminal, its commands and its links."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.command_line import run
from support.paths import EXAMPLES, REPOSITORY, SOURCE

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
CLIP = EXAMPLES / "i_think_the_weather_is_nice.flac"
TEXT = "I think the weather is nice today."


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def test_the_python_example_prints_what_the_readme_shows(tmp_path: Path) -> None:
    (example,), (printed,) = blocks("python"), blocks("text")
    shutil.copy(CLIP, tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", example],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == printed


def without_spaces(text: str) -> str:
    return "".join(text.split())


NUMBER = re.compile(r"\d+\.\d")


def text_of_picture(path: Path) -> str:
    """The text of a terminal that rich drew, line by line; rich draws no spaces between coloured parts."""
    texts = [
        (float(element.attrib["y"]), float(element.attrib["x"]), element.text or "")
        for element in ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")
        if element.attrib["class"] != "terminal-title"
    ]
    return "".join(text for _, _, text in sorted(texts))


def test_the_picture_of_the_terminal_shows_the_real_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(EXAMPLES)
    monkeypatch.setenv("COLUMNS", "84")
    shown = run("assess", CLIP.name, "--text", TEXT)
    assert shown.exit_code == 0, shown.output
    command = f"$ enunciate assess {CLIP.name} \\ --text '{TEXT}'"
    picture = text_of_picture(REPOSITORY / "docs" / "images" / "terminal.svg")
    drawn, printed = without_spaces(picture), without_spaces(command + shown.stdout)
    assert NUMBER.sub("#", drawn) == NUMBER.sub("#", printed)
    numbers = [[float(number) for number in NUMBER.findall(text)] for text in (drawn, printed)]
    assert numbers[0] == pytest.approx(numbers[1], abs=0.11)  # a processor may round the last digit otherwise


def test_the_commands_and_their_options_exist() -> None:
    commands = [
        shlex.split(line, comments=True)
        for block in blocks("sh")
        for line in block.splitlines()
        if line.startswith("enunciate ")
    ]
    assert {command for _, command, *_ in commands} >= {"assess", "serve", "train", "info"}
    for _, command, *arguments in commands:
        shown = run(command, "--help")
        assert shown.exit_code == 0, command
        for option in (argument for argument in arguments if argument.startswith("--")):
            assert option in shown.stdout, f"{command} {option}"


def test_the_extras_exist() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = set(re.findall(r"enunciate\[(\w+)\]", README))
    assert extras
    assert extras <= set(project["optional-dependencies"])


def test_the_targets_of_make_exist() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^make (\w+)", "\n".join(blocks("sh")), re.MULTILINE)
    assert targets == ["demo", "test"]
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_links_lead_to_files() -> None:
    links = re.findall(r"\]\(([^)]+)\)", README)
    assert links
    for link in links:
        assert link.startswith("https://") or (REPOSITORY / link).exists(), link
