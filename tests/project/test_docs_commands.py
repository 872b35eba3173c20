"""The commands that the documentation names exist, with their options, recipes and values."""

import re
import shlex
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from enunciate.cli.app import app
from enunciate.errors import EnunciateError
from enunciate.trainers import load_recipe

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = sorted((REPOSITORY / "docs").glob("*.md"))


def commands_of(page: Path) -> list[list[str]]:
    """The commands in a page's blocks of shell, without prompts, comments and variables set before them."""
    found: list[list[str]] = []
    for block in re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            first = re.sub(r"^\s*(\$ )?(\w+=\S* )*", "", line)
            if first.startswith(("enunciate ", "python -m enunciate ", "python benchmarks/")):
                words = shlex.split(re.split(r"\s[|>&]", first)[0], comments=True)
                found.append(words[2:] if words[:2] == ["python", "-m"] else words)
    return found


COMMANDS = [(page.name, command) for page in PAGES for command in commands_of(page)]


def named(command: tuple[str, list[str]]) -> str:
    return f"{command[0]}: {' '.join(command[1])}"


@cache
def help_of(command: str) -> str:
    shown = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
    assert shown.exit_code == 0, command
    return shown.stdout


def test_many_commands_are_found():
    assert len(COMMANDS) > 60


@pytest.mark.parametrize("command", [c for c in COMMANDS if c[1][0] == "enunciate"], ids=named)
def test_a_command_of_the_documentation_exists_with_its_options(command):
    _, (_, name, *arguments) = command
    shown = help_of(name) if not name.startswith("-") else ""
    for option in (argument.split("=")[0] for argument in arguments if argument.startswith("--")):
        assert option in shown, f"{name} has no {option}"


@pytest.mark.parametrize(
    "command", [c for c in COMMANDS if c[1][:2] == ["enunciate", "train"] and len(c[1]) > 2], ids=named
)
def test_a_recipe_of_the_documentation_takes_its_values(command):
    _, (_, _, recipe, *overrides) = command
    if recipe.endswith(".yaml"):
        pytest.skip("the recipe is the reader's own")
    values = [one for one in overrides if "=" in one and not one.startswith("--")]
    try:
        load_recipe(recipe, values)
    except EnunciateError as error:
        pytest.fail(str(error))


@pytest.mark.parametrize("command", [c for c in COMMANDS if c[1][0] == "python"], ids=named)
def test_a_script_of_the_documentation_exists(command):
    _, (_, script, *_) = command
    assert (REPOSITORY / script).is_file()
