"""Recipes of the phi4 engine: the paper's values, and what cannot be is told before anything is loaded."""

import subprocess
import sys

import pytest
from support.paths import RECIPES, REPOSITORY

from enunciate.errors import RecipeError
from enunciate.speech_lm.training.adapter_recipe import HIGHER_IS_BETTER, METRIC_TASKS, AdapterRecipe
from enunciate.trainers import extra_of, load_recipe, run

MINIMAL = "kind: phi4\ncorpus: here\nout: there\n"


def load(folder, text=MINIMAL, *overrides):
    path = folder / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return load_recipe(path, overrides)


def problem_keys(folder, *overrides):
    with pytest.raises(RecipeError) as caught:
        load(folder, MINIMAL, *overrides)
    return sorted(problem.split(":")[0] for problem in caught.value.problems)


def test_the_defaults_are_the_papers_values(tmp_path):
    recipe = load(tmp_path)

    assert (recipe.batch_size, recipe.accumulation, recipe.learning_rate, recipe.epochs) == (8, 8, 2e-5, 4)
    assert recipe.tasks == ("apa", "mdd") and recipe.split == "train"
    assert recipe.prompt.control == "text" and recipe.prompt.rubric and not recipe.prompt.reference_text
    assert (recipe.adapter.strategy, recipe.adapter.start, recipe.adapter.rank) == ("lora", "speech", 320)


@pytest.mark.parametrize("strategy", ["lora", "unfreeze"])
def test_the_recipes_of_the_paper_are_the_defaults_on_the_papers_protocol(strategy):
    recipe = load_recipe(RECIPES / f"phi4-{strategy}.yaml")
    plain = AdapterRecipe(kind="phi4", corpus=recipe.corpus, out=recipe.out, adapter={"strategy": strategy})

    assert recipe == plain.model_copy(update={"protocol": "official", "evaluate_first": True})


def test_an_adapter_learns_without_the_text_only_beside_it(tmp_path):
    assert "also_without_text" in problem_keys(tmp_path, "also_without_text=true")
    recipe = load(tmp_path, MINIMAL, "prompt.reference_text=true", "also_without_text=true")

    assert [prompt.reference_text for prompt in recipe.prompts] == [True, False]
    assert recipe.prompts[0] == recipe.prompt
    assert load(tmp_path).prompts == (load(tmp_path).prompt,)


def test_recipes_are_checked_without_torch():
    code = (
        "import sys\nfor name in ('torch', 'transformers', 'peft'): sys.modules[name] = None\n"
        f"from pathlib import Path\nfrom enunciate.trainers import load_recipe\n"
        f"print(load_recipe(Path({str(RECIPES / 'whisper-base-lora.yaml')!r})).kind)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, check=False, env={"PYTHONPATH": str(REPOSITORY / "src")},
    )  # fmt: skip
    assert done.stdout.strip() == "whisper", done.stderr


def test_problems_of_every_sort_come_at_once(tmp_path):
    keys = problem_keys(
        tmp_path,
        "epochs=0",
        "colour=blue",
        "adapter.rank=0",
        "prompt.control=loud",
        "tasks=[mdd]",
        "best_metric=pcc",
        "folds=5",
        "hold_out=5",
    )
    assert keys == [
        "adapter.rank", "best_metric", "colour", "epochs", "hold_out", "prompt.control",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("overrides", "key"),
    [
        (["split=all"], "folds"),
        (["folds=1"], "folds"),
        (["hold_out=2"], "hold_out"),
        (["folds=3", "hold_out=3"], "hold_out"),
        (["tasks=[]"], "tasks"),
        (["tasks=[apa, apa]"], "tasks"),
        (["tasks=[apa]", "best_metric=per"], "best_metric"),
        (["evaluate_every=0"], "evaluate_every"),
        (["adapter.dropout=1"], "adapter.dropout"),
    ],
)
def test_a_value_that_cannot_be_is_named_by_its_key(tmp_path, overrides, key):
    assert all(name.startswith(key) for name in problem_keys(tmp_path, *overrides))


@pytest.mark.parametrize(("tasks", "metric"), [("[apa]", "pcc"), ("[mdd]", "per"), ("[mdd, apa]", "pcc")])
def test_the_best_adapter_is_chosen_by_what_is_measured(tmp_path, tasks, metric):
    recipe = load(tmp_path, MINIMAL, f"tasks={tasks}")

    assert recipe.chooses_by == metric
    assert load(tmp_path, MINIMAL, f"tasks={tasks}", "best_metric=loss").chooses_by == "loss"


def test_every_metric_has_its_tasks_and_direction():
    assert set(METRIC_TASKS) > HIGHER_IS_BETTER


def test_a_recipe_survives_the_way_to_json_and_back(tmp_path):
    recipe = load(tmp_path, MINIMAL, "prompt.rubric=false", "folds=5", "split=all", "evaluate_every=7")

    assert AdapterRecipe.model_validate_json(recipe.model_dump_json()) == recipe


def test_resume_and_dry_run_are_for_adapters(tmp_path):
    recipe = load_recipe("pocket", [f"corpus={tmp_path}", f"out={tmp_path}"])

    assert extra_of(recipe) == "train"
    with pytest.raises(RecipeError, match="--dry-run"):
        run(recipe, dry_run=True)
    with pytest.raises(RecipeError, match="--resume"):
        run(recipe, resume=True)
