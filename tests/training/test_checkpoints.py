"""A run that is killed, at whatever moment, goes on to the same adapter, bit for bit."""

import json

import pytest
from support.llm_runs import log_of, make_material, run_python, tiny_recipe, write_recipe

from enunciate.errors import OutputError, RecipeError
from enunciate.speech_lm.training.train import train
from enunciate.training.checkpoints import (
    Marker,
    begin,
    checkpoints,
    cut_log,
    keep_last,
    last_whole,
    read_marker,
    seal,
)

pytestmark = pytest.mark.usefixtures("one_thread")

WEIGHTS = "adapter_model.safetensors"
DIE = """
import os, signal, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from enunciate.speech_lm.training import train
from enunciate.speech_lm.training import trainer
from enunciate.trainers import load_recipe

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def die_at(owner, name, count):
    real, calls = getattr(owner, name), []
    def counted(*arguments, **options):
        calls.append(1)
        if len(calls) == count:
            die()
        return real(*arguments, **options)
    setattr(owner, name, counted)

DEATHS = {
    # Steps have two batches, and a checkpoint comes after every second step.
    "in a step, with gradients half added up": lambda: die_at(trainer.AdapterTrainer, "training_step", 10),
    "while a checkpoint is written": lambda: die_at(trainer, "seal", 2),
    "after the best adapter, before its checkpoint": lambda: die_at(trainer, "save_file", 2),
    "at the end, before the figures": lambda: setattr(train, "write_card", die),
}
for path in sys.argv[1:]:
    death = Path(path).stem
    child = os.fork()
    if child == 0:
        DEATHS[death]()
        train.train(load_recipe(Path(path)))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), f"{death}: it lived, or died of an error ({status})"
"""
DEATHS = (
    "in a step, with gradients half added up",
    "while a checkpoint is written",
    "after the best adapter, before its checkpoint",
    "at the end, before the figures",
)


def recipe_for(root, out):
    return tiny_recipe(root, out, save_every=2, keep_checkpoints=1, adapter={"dropout": 0.3})


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return make_material(tmp_path_factory.mktemp("material"))


@pytest.fixture(scope="module")
def unbroken(root, tmp_path_factory):
    recipe = recipe_for(root, tmp_path_factory.mktemp("unbroken") / "out")
    return recipe.out, train(recipe)


@pytest.fixture(scope="module")
def killed(root, tmp_path_factory):
    """Runs that were killed in each of the ways, by what killed them."""
    folder = tmp_path_factory.mktemp("killed")
    recipes = {death: recipe_for(root, folder / f"out {number}") for number, death in enumerate(DEATHS)}
    paths = [write_recipe(recipe, folder / f"{death}.yaml") for death, recipe in recipes.items()]
    run_python("-c", DIE, *paths)
    return recipes


@pytest.mark.slow
@pytest.mark.parametrize("death", DEATHS)
def test_a_killed_run_goes_on_to_the_same_adapter(unbroken, killed, death):
    out, metrics = unbroken
    recipe = killed[death]
    assert not (recipe.out / "metrics.json").exists()

    assert train(recipe, resume=True) == metrics
    assert (recipe.out / WEIGHTS).read_bytes() == (out / WEIGHTS).read_bytes()
    steps = [line["step"] for line in log_of(recipe.out, "loss")]
    assert steps == [1, 2, 3, 4, 5, 6], "no step is logged twice"


@pytest.mark.slow
def test_dropout_was_at_work(root, unbroken, tmp_path):
    """Else the random states would not have mattered."""
    other = recipe_for(root, tmp_path / "out").model_copy(update={"seed": 2})
    train(other)

    assert (other.out / WEIGHTS).read_bytes() != (unbroken[0] / WEIGHTS).read_bytes()


def checkpoint(out, step, whole=True, processes=1):
    folder = checkpoints(out) / f"checkpoint-{step}"
    folder.mkdir(parents=True)
    (folder / "weights").write_text("w")
    if whole:
        seal(folder, Marker(step=step, processes=processes))
    return folder


@pytest.fixture
def recipe(tmp_path):
    return tiny_recipe(tmp_path, tmp_path / "out")


def test_a_checkpoint_without_its_marker_does_not_count(recipe):
    whole = checkpoint(recipe.out, 9)
    rubbish = checkpoint(recipe.out, 10, whole=False)

    assert last_whole(checkpoints(recipe.out)) == whole
    assert begin(recipe, resume=True) == whole
    assert not rubbish.exists()


def test_checkpoints_are_ordered_by_number(recipe):
    for step in (9, 10, 100):
        checkpoint(recipe.out, step)
    keep_last(checkpoints(recipe.out), 2)

    assert sorted(path.name for path in checkpoints(recipe.out).iterdir()) == [
        "checkpoint-10",
        "checkpoint-100",
    ]


def test_a_run_is_not_overwritten_by_mistake(recipe):
    checkpoint(recipe.out, 4)

    with pytest.raises(OutputError, match=r"step 4.*--resume"):
        begin(recipe, resume=False)


def test_resuming_where_nothing_is_begins_afresh(recipe):
    assert begin(recipe, resume=True) is None
    assert (recipe.out / "recipe.json").is_file()


def test_a_run_is_gone_on_with_by_its_own_recipe_alone(recipe):
    begin(recipe, resume=False)
    checkpoint(recipe.out, 4)
    changed = recipe.model_copy(update={"learning_rate": 1.0, "seed": 9, "log_every": 7})

    with pytest.raises(RecipeError) as caught:
        begin(changed, resume=True)
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
    cut_log(path, 4)

    assert [json.loads(line)["step"] for line in path.read_text().splitlines()] == [0, 2, 4]
