"""The stages of the rows that ship: what each trains on, in which order, and which override it takes."""

import pytest
from support.paths import RECIPES

from enunciate.benchmark.plan import read_plan
from enunciate.benchmark.stages import Override, resolve_recipe, stage_runs, unused_overrides, weights_of
from enunciate.errors import RecipeError
from enunciate.speech_lm.families.phi4.hub import HUB_NAME

PLAN = read_plan(RECIPES / "benchmark.yaml")
ROWS = {row.name: row for row in PLAN.rows}


def runs(name, protocol="official", overrides=()):
    return stage_runs(ROWS[name], PLAN, protocol, [Override.parse(text) for text in overrides])


def recipes(stages, folder):
    """The recipe of each stage, by key."""
    folders = {run.key.rpartition("/")[2]: folder / run.key for run in stages}
    return {run.key: resolve_recipe(run, folder / "corpus", folder / run.key, folders) for run in stages}


@pytest.mark.parametrize("protocol", ["official", "folds"])
@pytest.mark.parametrize("name", ROWS)
def test_every_stage_of_every_row_is_a_complete_recipe(name, protocol, tmp_path):
    stages = runs(name, protocol)
    for key, recipe in recipes(stages, tmp_path).items():
        assert recipe.corpus == tmp_path / "corpus" and recipe.out == tmp_path / key
    assert stages or ROWS[name].weights or not getattr(ROWS[name], protocol)


@pytest.mark.parametrize("name", ROWS)
def test_the_official_protocol_trains_on_the_train_split_alone(name, tmp_path):
    for key, recipe in recipes(runs(name), tmp_path).items():
        assert getattr(recipe, "split", "train") in ("train", "official"), key
        assert recipe.kind == "pocket" or getattr(recipe, "folds", 0) < 2


def test_shared_stages_come_first_and_once_and_only_where_they_are_needed():
    assert [run.key for run in runs("pocket")] == ["pocket"]
    assert [run.key for run in runs("gop")] == ["pocket", "gop/model"]
    assert [run.key for run in runs("gop-pocketsphinx")] == ["gop-pocketsphinx/model"]


def test_an_override_in_place_of_a_shared_stage_makes_it_unnecessary():
    (stage,) = runs("gop", overrides=["gop:encoder=build/own"])

    assert stage.key == "gop/model" and "encoder=build/own" in stage.settings


def test_a_stage_that_holds_one_fold_out_runs_once_per_fold(tmp_path):
    folds = recipes(runs("ssl-joint", "folds"), tmp_path)

    assert [recipe.hold_out for recipe in folds.values()] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("seed=7", {"pocket", "gop/model"}),
        ("gop:seed=7", {"gop/model"}),
        ("pocket:seed=7", {"pocket"}),
        ("gop/model:seed=7", {"gop/model"}),
        ("model.members=7", {"pocket"}),
    ],
)
def test_an_override_applies_to_its_target_or_to_every_stage_that_has_the_key(text, keys):
    stages = runs("gop", overrides=[text])

    assert {run.key for run in stages if text.rpartition(":")[2] in run.settings} == keys


def test_an_override_that_no_stage_takes_is_a_problem():
    overrides = [Override.parse("gop:tress=3"), Override.parse("pocket:weights=x")]
    problems = unused_overrides(overrides, runs("gop"), [ROWS["gop"], ROWS["pocket"]])

    assert problems == ["gop:tress=3: no chosen row takes it"]


def test_an_override_without_a_value_is_refused():
    with pytest.raises(RecipeError, match="KEY=VALUE"):
        Override.parse("gop:trees")


def test_weights_of_the_command_line_replace_those_of_the_plan_and_training():
    assert weights_of(ROWS["phi4"], []) == HUB_NAME
    assert weights_of(ROWS["pocket"], [Override.parse("pocket:weights=a/b")]) == "a/b"
    assert weights_of(ROWS["pocket"], []) is None
