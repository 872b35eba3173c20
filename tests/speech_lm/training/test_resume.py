"""A run that is killed, at whatever moment, resumes to the same adapter, bit for bit."""

import pytest
from support.speech_lm_runs import log_of, run_python, tiny_recipe, write_recipe

from enunciate.speech_lm.training.train import train

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]

WEIGHTS = "adapter_model.safetensors"
DIE = """
import os, signal, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from enunciate.speech_lm.training import train
from enunciate.speech_lm.training import gradients, run_state
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
    "in a step, with gradients half added up": lambda: die_at(gradients, "answer_loss", 10),
    "while a checkpoint is written": lambda: die_at(run_state, "mark_complete", 2),
    "after the best adapter, before its checkpoint": lambda: die_at(run_state, "save_file", 2),
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


def recipe_for(material, out):
    return tiny_recipe(material, out, save_every=2, keep_checkpoints=1, adapter={"dropout": 0.3})


@pytest.fixture(scope="module")
def unbroken(material, tmp_path_factory):
    recipe = recipe_for(material, tmp_path_factory.mktemp("unbroken") / "out")
    return recipe.out, train(recipe)


@pytest.fixture(scope="module")
def killed(material, tmp_path_factory):
    """Runs that were killed in each of the ways, by what killed them."""
    folder = tmp_path_factory.mktemp("killed")
    recipes = {death: recipe_for(material, folder / f"out {number}") for number, death in enumerate(DEATHS)}
    paths = [write_recipe(recipe, folder / f"{death}.yaml") for death, recipe in recipes.items()]
    run_python("-c", DIE, *paths)
    return recipes


@pytest.mark.parametrize("death", DEATHS)
def test_a_killed_run_goes_on_to_the_same_adapter(unbroken, killed, death):
    out, metrics = unbroken
    recipe = killed[death]
    assert not (recipe.out / "metrics.json").exists()

    assert train(recipe, resume=True) == metrics
    assert (recipe.out / WEIGHTS).read_bytes() == (out / WEIGHTS).read_bytes()
    steps = [line["step"] for line in log_of(recipe.out, "loss")]
    assert steps == [1, 2, 3, 4, 5, 6], "no step is logged twice"


def test_another_seed_gives_another_adapter(material, unbroken, tmp_path):
    """Else the random states would not have mattered."""
    other = recipe_for(material, tmp_path / "out").model_copy(update={"seed": 2})
    train(other)

    assert (other.out / WEIGHTS).read_bytes() != (unbroken[0] / WEIGHTS).read_bytes()
