"""What a row needs and this machine lacks: extras, files, a checkpoint, a GPU."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from enunciate.baselines.ssl.ssl_recipe import SslJointRecipe
from enunciate.benchmark.plan import Row
from enunciate.engines import SERVED
from enunciate.errors import ModelNotFoundError
from enunciate.evaluation.outside.program import arguments_of
from enunciate.pocket.training.pocket_recipe import PocketRecipe
from enunciate.speech_lm.families.phi4.hub import HUB_NAME, revision_of
from enunciate.speech_lm.training.adapter_recipe import AdapterRecipe
from enunciate.trainers import Recipe, extra_of
from enunciate.training.recipe_file import TrainingRecipe
from enunciate.whisper_weights.base import find_whisper

PACKAGES = {
    "eval": ("scipy", "kaldialign", "jiwer"),
    "train": ("torch", "onnx", "onnxscript", "safetensors"),
    "llm": ("torch", "transformers", "peft", "accelerate", "llguidance"),
    "baselines": ("sklearn",),
    "pocketsphinx": ("pocketsphinx",),
    "openai": ("openai", "kaldialign"),
    "whisper": ("llguidance", "safetensors", "kaldialign"),
}
"""Some packages of each extra, by which it is recognised; the others are named when their import fails."""
GPU_KINDS = (PocketRecipe, AdapterRecipe, SslJointRecipe)
"""Recipes that train too slowly without a GPU to be started unless the user asks for `device=cpu`."""


def missing_requirements(
    row: Row, recipes: Sequence[Recipe], weights: str | None, outputs: Sequence[Path]
) -> list[str]:
    """Return what is missing to run a row, in words; empty where nothing is.

    Args:
        row: The row.
        recipes: The recipes of its stages.
        weights: The weights that are tested without training.
        outputs: The folders that its stages will write.
    """
    extras = {extra_of(recipe) for recipe in recipes} | {"eval"}
    if weights is not None and weights.startswith(SERVED):
        extras.add("openai")
    elif weights is not None and (weights == HUB_NAME or row.zero_shot):
        extras.add("llm")
    missing = [problem for extra in sorted(extras) for problem in missing_extra(extra)]
    for recipe in recipes:
        inputs = _input_paths(recipe, outputs)
        missing += [f"{name}: there is no {path}" for name, path in inputs if not path.exists()]
        if isinstance(recipe, AdapterRecipe | SslJointRecipe) and Path(recipe.model) not in outputs:
            missing += missing_checkpoint(recipe.model, recipe.revision)
    missing += _missing_of_outside(row)
    if weights is not None and weights.startswith(SERVED):
        missing += _missing_server()
    elif weights is not None:
        missing += missing_checkpoint(weights, None) if row.zero_shot else _missing_weights(weights)
    slow = any(isinstance(recipe, GPU_KINDS) and recipe.device != "cpu" for recipe in recipes)
    if (slow or weights == HUB_NAME) and not has_gpu():
        missing.append("a GPU (CUDA)" + (", or device=cpu, which takes very long" if slow else ""))
    return list(dict.fromkeys(missing))


def missing_extra(extra: str) -> list[str]:
    """Return the pip command of an extra if a package of it is not installed."""
    lacking = [package for package in PACKAGES.get(extra, ()) if find_spec(package) is None]
    return [f"{', '.join(lacking)}: pip install 'enunciate[{extra}]'"] if lacking else []


def missing_checkpoint(name: str, revision: str | None) -> list[str]:
    """Return a problem if a checkpoint is not on this machine: gigabytes are never downloaded unasked."""
    if (Path(name) / "config.json").is_file():
        return []
    if Path(name).is_dir() or name.count("/") != 1:
        return [f"model: {name} is not a folder with a checkpoint"]
    if find_spec("huggingface_hub") is not None:
        from huggingface_hub import try_to_load_from_cache

        if isinstance(try_to_load_from_cache(name, "config.json", revision=revision_of(name, revision)), str):
            return []
    return [f"model: {name} is not on this machine: download it with hf download, or give a folder with it"]


def has_gpu() -> bool:
    """Whether torch sees a GPU."""
    if find_spec("torch") is None:
        return False
    import torch

    return torch.cuda.is_available()


def _missing_server() -> list[str]:
    """Return a problem if no server was named: recordings are never sent to anyone unasked."""
    if os.environ.get("OPENAI_BASE_URL"):
        return []
    return ["the server to send the recordings to: set OPENAI_BASE_URL, and OPENAI_API_KEY if it has keys"]


def _missing_of_outside(row: Row) -> list[str]:
    """Return what a system that is not part of this package lacks: its program, or its answers."""
    if row.system is not None and shutil.which(program := arguments_of(row.system)[0]) is None:
        return [f"system: there is no program {program}"]
    if row.answers is not None and not row.answers.is_file():
        return [f"answers: there is no {row.answers}"]
    return []


def _missing_weights(weights: str) -> list[str]:
    """Return what an engine of the package, or a folder with weights, lacks."""
    if weights in ("whisper", "both"):
        return [*missing_extra("whisper"), *_missing_whisper()]
    return [] if weights == "pocket" or Path(weights).is_dir() else [f"weights: there is no {weights}"]


def _missing_whisper() -> list[str]:
    try:
        find_whisper()
    except ModelNotFoundError as error:
        return [f"weights: {error}"]
    return []


def _input_paths(recipe: TrainingRecipe, outputs: Sequence[Path]) -> list[tuple[str, Path]]:
    """The files and folders that a recipe reads, except the corpus and what other stages write."""
    values = {name: getattr(recipe, name) for name in type(recipe).model_fields}
    return [
        (name, value)
        for name, value in values.items()
        if isinstance(value, Path) and name not in ("corpus", "out") and value not in outputs
    ]
