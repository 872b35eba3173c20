"""The plan of a benchmark: how its file is read, and which recipes it finds."""

import pytest
from support.paths import RECIPES

from enunciate.benchmark.plan import choose_rows, read_plan
from enunciate.errors import RecipeError

PLAN = read_plan(RECIPES / "benchmark.yaml")


def stages(text, folder):
    (folder / "plan.yaml").write_text(f"rows: [{{name: a, about: b, folds: [{text}]}}]")
    return read_plan(folder / "plan.yaml").rows[0].folds


def test_a_recipe_of_the_package_is_found_by_name(tmp_path):
    (stage,) = stages("{name: m, recipe: gop}", tmp_path)

    assert stage.recipe == RECIPES / "gop.yaml"


def test_a_recipe_beside_the_plan_comes_before_one_of_the_package(tmp_path):
    (tmp_path / "gop").write_text((RECIPES / "gop.yaml").read_text())
    (tmp_path / "own.yaml").write_text((RECIPES / "gop.yaml").read_text())
    by_name, by_file = stages("{name: m, recipe: gop}, {name: n, recipe: own.yaml}", tmp_path)

    assert (by_name.recipe, by_file.recipe) == (tmp_path / "gop", tmp_path / "own.yaml")


def test_rows_come_in_the_order_in_which_they_are_named_and_once():
    assert [row.name for row in choose_rows(PLAN, ["gop", "pocket", "gop"])] == ["gop", "pocket"]
    assert choose_rows(PLAN, []) == list(PLAN.rows)


def test_a_row_that_does_not_exist_is_refused():
    with pytest.raises(RecipeError, match="there is no row gopp"):
        choose_rows(PLAN, ["gopp"])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("rows: []", "rows"),
        ("rows: [{name: a, about: b, recipe: c}]", "Extra inputs"),
        ("rows: [{name: a, about: b}, {name: a, about: c}]", "'a' occurs twice"),
        (
            "rows: [{name: a, about: b, folds: [{name: m, recipe: none.yaml}]}]",
            "none.yaml is neither beside this file nor a recipe of the package",
        ),
        ("rows: [{name: a, about: b, folds: [c]}]", "a: there is no shared stage c in the folds protocol"),
        ("rows: [", "cannot be read"),
    ],
)
def test_every_problem_of_a_broken_plan_is_named(tmp_path, text, problem):
    (tmp_path / "plan.yaml").write_text(text)
    with pytest.raises(RecipeError, match=problem):
        read_plan(tmp_path / "plan.yaml")
