"""The recipes of the package are found by name, files by path, and each says in one line what it trains."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.paths import RECIPES

from enunciate.errors import RecipeError
from enunciate.recipes import recipe_names, recipe_path, shipped_recipes
from enunciate.trainers import load_recipe


def test_a_name_and_a_path_lead_to_the_same_recipe() -> None:
    assert recipe_path("gop") == RECIPES / "gop.yaml"
    assert load_recipe("gop", ["seed=3"]) == load_recipe(RECIPES / "gop.yaml", ["seed=3"])
    assert load_recipe("gop", ["seed=3"]).seed == 3


def test_a_file_in_the_working_folder_does_not_hide_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("gop").touch()
    Path("mine.yaml").touch()
    assert recipe_path("gop") == RECIPES / "gop.yaml"
    assert recipe_path("mine.yaml") == Path("mine.yaml")


@pytest.mark.parametrize("name", ["gop.yml", "none", "recipes/gop.yaml", "../recipes/gop", "accelerate"])
def test_an_unknown_recipe_says_where_to_find_the_names(name: str) -> None:
    with pytest.raises(RecipeError, match="`enunciate recipes` lists"):
        recipe_path(name)


def test_each_recipe_says_in_one_line_what_it_trains() -> None:
    recipes = {recipe.name: recipe for recipe in shipped_recipes()}
    assert list(recipes) == recipe_names()
    assert {name for name, recipe in recipes.items() if recipe.kind is None} == {
        "accelerate/fsdp",
        "benchmark",
    }
    for recipe in recipes.values():
        assert recipe.summary.endswith("."), recipe
