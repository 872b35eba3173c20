"""What a row needs and this machine lacks: extras, files, a checkpoint, a GPU."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from enunciate.baselines.ssl.ssl_recipe import SslJointRecipe
from enunciate.benchmark.plan import Row
from enunciate.pocket.training.pocket_recipes import RecogniserRecipe
from enunciate.speech_lm.options import HUB_NAME, revision_of
from enunciate.speech_lm.training.adapter_recipe import BaseRecipe, Phi4Recipe
from enunciate.trainers import Recipe, extra_of
from enunciate.training.recipe_file import TrainingRecipe

PACKAGES = {
    "eval": ("scipy", "kaldialign", "jiwer"),
    "train": ("torch", "onnx", "onnxscript", "safetensors"),
    "llm": ("torch", "transformers", "peft", "accelerate", "llguidance"),
    "baselines": ("sklearn",),
    "pocketsphinx": ("pocketsphinx",),
}
"""A few of each extra by which it is known; others are met when they are used, and named then."""
SLOW = (RecogniserRecipe, Phi4Recipe, BaseRecipe, SslJointRecipe)
"""What takes too long without a GPU to be tried unasked."""


def missing_for(row: Row, recipes: Sequence[Recipe], weights: str | None, made: Sequence[Path]) -> list[str]:
    """What is missing to run a row, in words; empty where nothing is.

    Args:
        row: The row.
        recipes: Of its stages.
        weights: What it is tested with as it is.
        made: Folders that its stages will have written.
    """
    wanted = {extra_of(recipe) for recipe in recipes} | {"eval"}
    if weights is not None and (weights == HUB_NAME or row.zero_shot):
        wanted.add("llm")
    found = [problem for extra in sorted(wanted) for problem in missing_extra(extra)]
    for recipe in recipes:
        found += [f"{name}: there is no {path}" for name, path in _inputs(recipe, made) if not path.exists()]
        if isinstance(recipe, Phi4Recipe | SslJointRecipe) and Path(recipe.model) not in made:
            found += missing_checkpoint(recipe.model, recipe.revision)
    if weights is not None:
        found += missing_checkpoint(weights, None) if row.zero_shot else _missing_folder(weights)
    slow = any(isinstance(recipe, SLOW) and recipe.device != "cpu" for recipe in recipes)
    if (slow or weights == HUB_NAME) and not has_gpu():
        found.append("a GPU (CUDA)" + (", or device=cpu and much patience" if slow else ""))
    return list(dict.fromkeys(found))


def missing_extra(extra: str) -> list[str]:
    """The pip command of an extra, where a package of it is not installed."""
    lacking = [package for package in PACKAGES.get(extra, ()) if find_spec(package) is None]
    return [f"{', '.join(lacking)}: pip install 'enunciate[{extra}]'"] if lacking else []


def missing_checkpoint(name: str, revision: str | None) -> list[str]:
    """Whether a checkpoint is on this machine: nothing of gigabytes is fetched unasked."""
    if (Path(name) / "config.json").is_file():
        return []
    if Path(name).is_dir() or name.count("/") != 1:
        return [f"model: {name} is no folder with a checkpoint"]
    if find_spec("huggingface_hub") is not None:
        from huggingface_hub import try_to_load_from_cache

        if isinstance(try_to_load_from_cache(name, "config.json", revision=revision_of(name, revision)), str):
            return []
    return [f"model: {name} is not on this machine: fetch it with hf download, or give a folder with it"]


def has_gpu() -> bool:
    """Whether torch sees one."""
    if find_spec("torch") is None:
        return False
    import torch

    return torch.cuda.is_available()


def _missing_folder(weights: str) -> list[str]:
    return [] if weights == "pocket" or Path(weights).is_dir() else [f"weights: there is no {weights}"]


def _inputs(recipe: TrainingRecipe, made: Sequence[Path]) -> list[tuple[str, Path]]:
    """The files and folders that a recipe reads, but for the corpus and what other stages write."""
    values = {name: getattr(recipe, name) for name in type(recipe).model_fields}
    return [
        (name, value)
        for name, value in values.items()
        if isinstance(value, Path) and name not in ("corpus", "out") and value not in made
    ]
