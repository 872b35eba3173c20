"""Recipes: those that ship parse, and a bad one is told everything that is wrong with it."""

from typing import get_args

import pytest
from support.paths import RECIPES

from enunciate.conformer.training.conformer_recipes import RecogniserRecipe
from enunciate.errors import RecipeError
from enunciate.trainers import Recipe, load_recipe

SHIPPED = sorted(
    path
    for path in RECIPES.rglob("*.y*ml")
    if path.parent.name != "accelerate" and path.name != "benchmark.yaml"
)
MINIMAL = "kind: recogniser\ncorpus: here\nout: there\n"


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

    assert found == RecogniserRecipe(kind="recogniser", corpus="here", out="there")
    assert found.encoder.width == 288


def test_all_problems_come_at_once_each_with_its_key(tmp_path):
    found = problems(
        write(
            tmp_path,
            "kind: recogniser\ncorpus: here\nsteps: -5\nspeed: 3\nsplit: tset\n"
            "encoder:\n  width: wide\n  depth: 4\nsynthetic_share: [0.5, 1.5]\n",
        )
    )
    keys = {problem.split(":")[0] for problem in found}

    assert keys == {"out", "steps", "speed", "split", "encoder.width", "encoder.depth", "synthetic_share.1"}


def test_overrides_take_the_place_of_values(tmp_path):
    overrides = [
        "steps=7",
        "encoder.width=64",
        "augment.tempo=0.0",
        "align_at=[0.5]",
        "synthetic=null",
        "out=a=b",
    ]
    found = load_recipe(write(tmp_path, MINIMAL + "steps: 5\nencoder: {layers: 3}\n"), overrides)

    assert (found.steps, found.encoder.width, found.encoder.layers, found.augment.tempo) == (7, 64, 3, 0)
    assert found.align_at == (0.5,) and found.synthetic is None
    assert str(found.out) == "a=b"


def test_a_version_may_look_like_a_number():
    assert load_recipe(RECIPES / "conformer-scorer.yaml", ["version=0.2"]).version == "0.2"


def test_bad_overrides_are_problems_too(tmp_path):
    found = problems(
        write(tmp_path, MINIMAL),
        ["steps", "steps.many=3", "seed.x.y=1", "steps=many", "colour=blue", "warmup_steps=[1"],
    )

    assert any("key=value" in problem for problem in found)
    assert any("not a YAML value" in problem for problem in found)
    assert any(problem.startswith("steps:") for problem in found)
    assert any(problem.startswith("colour:") for problem in found)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "kind: poet\ncorpus: a\nout: b\n",
            "'recogniser', 'scorer', 'phi4', 'phi4-base', 'prosody-forest', 'gop'",
        ),
        ("corpus: a\nout: b\n", "kind"),
        ("- kind\n- recogniser\n", "mapping"),
        ("", "mapping"),
        ("kind: [recogniser\n", "cannot be read"),
    ],
)
def test_what_is_no_recipe(tmp_path, text, told):
    (problem,) = problems(write(tmp_path, text))

    assert told in problem


def test_a_recipe_that_is_not_there(tmp_path):
    (problem,) = problems(tmp_path / "none.yaml")

    assert "there is no such file" in problem


def test_a_scorer_needs_two_folds(tmp_path):
    path = write(tmp_path, "kind: scorer\ncorpus: a\nout: b\nrecogniser: c\nfolds: 1\n")

    (problem,) = problems(path)
    assert problem.startswith("folds:")
