"""The rows of a benchmark: the file that ships, overrides, and what a machine lacks."""

import pytest
from support.paths import RECIPES

from enunciate.benchmark import needs
from enunciate.benchmark.needs import missing_checkpoint, missing_for
from enunciate.benchmark.plan import (
    Override,
    choose_rows,
    read_plan,
    recipe_of,
    runs_of,
    unused,
    weights_of,
)
from enunciate.errors import RecipeError
from enunciate.speech_lm.options import HUB_NAME

PLAN = read_plan(RECIPES / "benchmark.yaml")
ROWS = {row.name: row for row in PLAN.rows}


def runs(name, protocol="official", overrides=()):
    return runs_of(ROWS[name], PLAN, protocol, RECIPES, [Override.parse(text) for text in overrides])


def folders(found, out):
    return {run.key.rpartition("/")[2]: out / run.key for run in found}


@pytest.mark.parametrize("protocol", ["official", "folds"])
@pytest.mark.parametrize("name", ROWS)
def test_every_stage_of_every_row_is_a_whole_recipe(name, protocol, tmp_path):
    found = runs(name, protocol)
    for run in found:
        recipe = recipe_of(run, tmp_path / "corpus", tmp_path / run.key, folders(found, tmp_path))
        assert recipe.corpus == tmp_path / "corpus" and recipe.out == tmp_path / run.key
    assert found or ROWS[name].weights or not getattr(ROWS[name], protocol)


@pytest.mark.parametrize("name", ROWS)
def test_the_official_protocol_learns_from_the_train_split_alone(name, tmp_path):
    found = runs(name)
    for run in found:
        recipe = recipe_of(run, tmp_path, tmp_path / run.key, folders(found, tmp_path))
        assert getattr(recipe, "split", "train") in ("train", "none"), run.key
        assert getattr(recipe, "folds", 0) < 2 or recipe.kind != "phi4"


def test_shared_stages_come_first_and_once():
    assert [run.key for run in runs("pocket")] == ["base", "recogniser", "pocket/model"]
    assert [run.key for run in runs("gop-pocketsphinx")] == ["gop-pocketsphinx/model"]


def test_what_is_overridden_is_not_needed():
    found = runs("gop", overrides=["gop:encoder=encoder.onnx"])

    assert [run.key for run in found] == ["gop/model"] and "encoder=encoder.onnx" in found[0].settings


def test_a_stage_for_each_fold(tmp_path):
    found = runs("nano-lora", "folds")
    held = [
        recipe_of(run, tmp_path, tmp_path / run.key, folders(found, tmp_path)).hold_out for run in found[1:]
    ]

    assert found[0].key == "nano-base" and held == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("seed=7", {"base", "recogniser", "pocket/model"}),
        ("pocket:seed=7", {"pocket/model"}),
        ("recogniser:seed=7", {"recogniser"}),
        ("pocket/model:seed=7", {"pocket/model"}),
        ("scorer.epochs=7", {"pocket/model"}),
    ],
)
def test_whose_an_override_is(text, keys):
    found = runs("pocket", overrides=[text])

    assert {run.key for run in found if text.rpartition(":")[2] in run.settings} == keys


def test_an_override_that_nobody_takes_is_a_slip():
    given = [Override.parse("gop:tress=3"), Override.parse("pocket:weights=x")]
    problems = unused(given, runs("gop"), [ROWS["gop"], ROWS["pocket"]])

    assert problems == ["gop:tress=3: no chosen row takes it"]
    with pytest.raises(RecipeError, match="KEY=VALUE"):
        Override.parse("gop:trees")


def test_rows_by_name():
    assert [row.name for row in choose_rows(PLAN, ["gop", "pocket", "gop"])] == ["gop", "pocket"]
    assert choose_rows(PLAN, []) == list(PLAN.rows)
    with pytest.raises(RecipeError, match="there is no row gopp"):
        choose_rows(PLAN, ["gopp"])


def test_weights_in_place_of_training():
    assert weights_of(ROWS["phi4"], []) == HUB_NAME
    assert weights_of(ROWS["pocket"], [Override.parse("pocket:weights=a/b")]) == "a/b"
    assert weights_of(ROWS["pocket"], []) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("rows: []", "rows"),
        ("rows: [{name: a, about: b, recipe: c}]", "Extra inputs"),
        ("rows: [{name: a, about: b}, {name: a, about: c}]", "comes twice"),
        ("rows: [{name: a, about: b, folds: [{name: m, recipe: none.yaml}]}]", "none.yaml is not beside"),
        ("rows: [", "cannot be read"),
    ],
)
def test_a_broken_file_is_told_what_is_wrong(tmp_path, text, problem):
    (tmp_path / "plan.yaml").write_text(text)
    with pytest.raises(RecipeError, match=problem):
        read_plan(tmp_path / "plan.yaml")


def test_what_is_missing_is_named_each_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(needs, "find_spec", lambda name: None)
    found = runs("pocket")
    recipes = [recipe_of(run, tmp_path, tmp_path / run.key, folders(found, tmp_path)) for run in found]
    missing = missing_for(ROWS["pocket"], recipes, None, [tmp_path / run.key for run in found])

    for part in ("enunciate[train]", "enunciate[eval]", "there is no build/synthetic", "GPU"):
        assert any(part in problem for problem in missing), part
    assert not any(str(tmp_path) in problem for problem in missing), "what stages write need not be there"


def test_a_checkpoint_that_is_here_and_one_that_is_not(tmp_path):
    (tmp_path / "config.json").write_text("{}")

    assert missing_checkpoint(str(tmp_path), None) == []
    assert "no folder" in missing_checkpoint(str(tmp_path / "none"), None)[0]
    assert "hf download" in missing_checkpoint("nobody/such-a-model", None)[0]
