"""`enunciate recipes`."""

from support.command_line import run
from support.paths import RECIPES


def test_recipes_are_listed_with_kind_and_purpose() -> None:
    listed = run("recipes").stdout.splitlines()
    assert listed[0].split()[:2] == ["recipe", "kind"]
    assert any(line.split()[:2] == ["phi4-lora", "phi4"] for line in listed)


def test_one_recipe_is_printed_as_it_is() -> None:
    assert run("recipes", "gop").stdout == (RECIPES / "gop.yaml").read_text(encoding="utf-8")


def test_an_unknown_name_says_how_to_list_them() -> None:
    assert "`enunciate recipes` lists" in run("recipes", "none").stderr
