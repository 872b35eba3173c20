"""Recipes: those that ship parse, and a bad one is told everything that is wrong with it."""

from typing import get_args

import pytest
from support.paths import RECIPES

from enunciate.errors import RecipeError
from enunciate.pocket.training.pocket_recipe import PocketRecipe
from enunciate.trainers import Recipe, load_recipe

SHIPPED = sorted(
    path
    for path in RECIPES.rglob("*.y*ml")
    if path.parent.name != "accelerate" and path.name != "benchmark.yaml"
)
MINIMAL = "kind: pocket\ncorpus: here\nout: there\n"


def write(folder, text):
    path = folder / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(path, overrides=()):
    with pytest.raises(RecipeError) as caught:
        load_recipe(path, overrides)
    assert str(path) in str(caught.value)
    return caught.value.problems


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_shipped_recipes_parse(path):
    load_recipe(path)


def test_each_step_has_a_recipe():
    kinds = {type(load_recipe(path)) for path in SHIPPED}
    assert kinds == set(get_args(Recipe))


def test_defaults_fill_what_is_not_given(tmp_path):
    found = load_recipe(write(tmp_path, MINIMAL))

    assert found == PocketRecipe(kind="pocket", corpus="here", out="there")
    assert found.mixture.join == 0.2


def test_all_problems_come_at_once_each_with_its_key(tmp_path):
    found = problems(
        write(
            tmp_path,
            "kind: pocket\ncorpus: here\nepochs: -5\nspeed: 3\nsplit: tset\n"
            "mixture:\n  join: wide\n  depth: 4\nrealign_at: [0.5, 1.5]\n",
        )
    )
    keys = {problem.split(":")[0] for problem in found}

    assert keys == {"out", "epochs", "speed", "split", "mixture.join", "mixture.depth", "realign_at.1"}


def test_overrides_take_the_place_of_values(tmp_path):
    overrides = [
        "epochs=7",
        "mixture.join=0.5",
        "model.augment.warp=0.0",
        "realign_at=[0.5]",
        "synthetic=null",
        "out=a=b",
    ]
    found = load_recipe(write(tmp_path, MINIMAL + "epochs: 5\nmixture: {pause: 0.3}\n"), overrides)

    assert (found.epochs, found.mixture.join, found.mixture.pause) == (7, 0.5, 0.3)
    assert found.model.augment.warp == 0 and found.realign_at == (0.5,) and found.synthetic is None
    assert str(found.out) == "a=b"


def test_a_version_may_look_like_a_number():
    assert load_recipe(RECIPES / "pocket.yaml", ["version=0.2"]).version == "0.2"


def test_bad_overrides_are_problems_too(tmp_path):
    found = problems(
        write(tmp_path, MINIMAL),
        ["epochs", "epochs.many=3", "seed.x.y=1", "epochs=many", "colour=blue", "warmup_steps=[1"],
    )

    assert any("key=value" in problem for problem in found)
    assert any("not a YAML value" in problem for problem in found)
    assert any(problem.startswith("epochs:") for problem in found)
    assert any(problem.startswith("colour:") for problem in found)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "kind: poet\ncorpus: a\nout: b\n",
            "'pocket', 'phi4', 'whisper', 'qwen2_audio', 'voxtral', 'granite_speech', 'prosody-forest'",
        ),
        ("corpus: a\nout: b\n", "kind"),
        ("- kind\n- pocket\n", "mapping"),
        ("", "mapping"),
        ("kind: [pocket\n", "cannot be read"),
    ],
)
def test_a_file_that_is_no_recipe_says_why(tmp_path, text, told):
    (problem,) = problems(write(tmp_path, text))

    assert told in problem


def test_a_recipe_that_is_not_there(tmp_path):
    (problem,) = problems(tmp_path / "none.yaml")

    assert "there is no such file" in problem


def test_a_fold_that_is_not_there_is_a_problem(tmp_path):
    (problem,) = problems(write(tmp_path, MINIMAL + "folds: 3\nhold_out: 3\n"))

    assert problem.startswith("hold_out:")
