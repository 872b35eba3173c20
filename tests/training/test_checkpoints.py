"""Checkpoints: only complete ones count, and a run is resumed by its own recipe only."""

import json

import pytest

from enunciate.errors import OutputError, RecipeError
from enunciate.training.checkpoints import (
    CompletionMarker,
    checkpoints_folder,
    keep_latest,
    latest_complete,
    mark_complete,
    read_marker,
    start_run,
    truncate_log,
)
from enunciate.training.recipe_file import TrainingRecipe


class Recipe(TrainingRecipe):
    """A recipe with a value that affects the weights, and one that does not."""

    learning_rate: float = 0.1
    log_every: int = 10


def checkpoint(out, step, whole=True, processes=1):
    folder = checkpoints_folder(out) / f"checkpoint-{step}"
    folder.mkdir(parents=True)
    (folder / "weights").write_text("w")
    if whole:
        mark_complete(folder, CompletionMarker(step=step, processes=processes))
    return folder


@pytest.fixture
def recipe(tmp_path):
    return Recipe(corpus=tmp_path, out=tmp_path / "out")


def test_a_checkpoint_without_its_marker_does_not_count(recipe):
    whole = checkpoint(recipe.out, 9)
    rubbish = checkpoint(recipe.out, 10, whole=False)

    assert latest_complete(checkpoints_folder(recipe.out)) == whole
    assert start_run(recipe, resume=True) == whole
    assert not rubbish.exists()


def test_checkpoints_are_ordered_by_number(recipe):
    for step in (9, 10, 100):
        checkpoint(recipe.out, step)
    keep_latest(checkpoints_folder(recipe.out), 2)

    assert sorted(path.name for path in checkpoints_folder(recipe.out).iterdir()) == [
        "checkpoint-10",
        "checkpoint-100",
    ]


def test_a_run_is_not_overwritten_by_mistake(recipe):
    checkpoint(recipe.out, 4)

    with pytest.raises(OutputError, match=r"step 4.*--resume"):
        start_run(recipe, resume=False)


def test_resuming_where_nothing_is_begins_afresh(recipe):
    assert start_run(recipe, resume=True) is None
    assert (recipe.out / "recipe.json").is_file()


def test_a_run_is_gone_on_with_by_its_own_recipe_alone(recipe):
    start_run(recipe, resume=False)
    checkpoint(recipe.out, 4)
    changed = recipe.model_copy(update={"learning_rate": 1.0, "seed": 9, "log_every": 7})

    with pytest.raises(RecipeError) as caught:
        start_run(changed, resume=True)
    assert [problem.split(":")[0] for problem in caught.value.problems] == ["learning_rate", "seed"]


def test_another_number_of_processes_is_told(recipe):
    with pytest.raises(OutputError, match="2 processes, and this run has 1"):
        read_marker(checkpoint(recipe.out, 4, processes=2), 1)


def test_a_broken_marker_is_told(recipe):
    folder = checkpoint(recipe.out, 4)
    (folder / "complete.json").write_text("{")

    with pytest.raises(OutputError, match="is broken"):
        read_marker(folder, 1)


def test_the_log_is_cut_back_to_the_checkpoint(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps({"step": step}) + "\n" for step in (0, 2, 4, 5)) + '{"step": 6, "lo')
    truncate_log(path, 4)

    assert [json.loads(line)["step"] for line in path.read_text().splitlines()] == [0, 2, 4]
