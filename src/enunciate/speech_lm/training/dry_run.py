"""Describe what a recipe would train: weights, data, steps and memory, without loading any weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from enunciate.errors import ModelNotFoundError
from enunciate.schema import Utterance
from enunciate.speech_lm.adapter import trainable
from enunciate.speech_lm.audio_geometry import AudioGeometry
from enunciate.speech_lm.families.family import Family
from enunciate.speech_lm.families.registry import family_named
from enunciate.speech_lm.options import Task
from enunciate.speech_lm.prompts import TurnFormat, user_turn
from enunciate.speech_lm.targets import render, target
from enunciate.speech_lm.training.adapter_recipe import AdapterRecipe
from enunciate.speech_lm.training.checks import (
    available_bytes,
    cheaper_options,
    check_packages,
)
from enunciate.speech_lm.training.data import MeasuredClip, examples_of
from enunciate.speech_lm.training.memory import GIB, LargestBatch, estimate_memory, meta_model
from enunciate.speech_lm.training.split import AdapterSplit, load_split
from enunciate.speech_lm.training.train import silence_libraries

_PROMPT_CHARACTERS = 4.0
_ANSWER_CHARACTERS = 2.3
"""Characters per token of English text, and of JSON and phones, for estimates without a tokenizer."""


@dataclass(frozen=True)
class _ExampleSize:
    """The numbers of tokens of an example."""

    task: Task
    prompt: int
    answer: int
    audio: int


def dry_run(recipe: AdapterRecipe) -> dict[str, str]:
    """Return facts about a run, by name.

    Raises:
        EnunciateError: The corpus is broken, or a package is missing.
        ModelNotFoundError: The model is neither Phi-4 nor a folder with a configuration.
    """
    silence_libraries()
    check_packages(recipe)
    facts: dict[str, str] = {}
    family = family_named(recipe.kind)
    folder = family.description_folder(recipe.model, recipe.revision)
    config = _config(recipe, family, folder, facts)
    split = load_split(recipe)
    sizes = _example_sizes(recipe, family, split.train, folder, facts)
    control_ids = (0, 1)[: len(recipe.tasks)] if recipe.prompt.control == "special" else ()
    model = meta_model(family, config, recipe.adapter, control_ids)
    facts |= _weights(model)
    facts |= _data(recipe, split, sizes)
    facts |= _steps(recipe, len(sizes))
    return {**facts, **_memory(recipe, config, sizes)}


def _config(recipe: AdapterRecipe, family: Family, folder: Path | None, facts: dict[str, str]) -> Any:
    if folder is not None:
        facts["model"] = recipe.model
        return family.config(folder)
    known = family.known_config() if recipe.model == family.hub_name else None
    if known is None:
        raise ModelNotFoundError(
            f"{recipe.model}: neither a folder with config.json nor a name that the Hugging Face hub gives "
            "now. Give the folder of a checkpoint, or go online"
        )
    facts["model"] = f"{family.hub_name} (not available offline: its known configuration is used)"
    return known


def _example_sizes(
    recipe: AdapterRecipe,
    family: Family,
    utterances: Sequence[Utterance],
    folder: Path | None,
    facts: dict[str, str],
) -> list[_ExampleSize]:
    if folder is None:
        facts["tokens are"] = "estimated from the number of characters: the tokenizer is not here"
        kind = family.processor_class()
        return [size for u in utterances for size in _estimated(recipe, u, kind.geometry, kind.format)]
    processor = family.processor(str(folder), None, recipe.prompt.control)
    facts["tokens are"] = "counted"
    examples = examples_of(utterances, recipe.tasks, recipe.prompts, recipe.target, processor)
    return [
        _ExampleSize(e.task, len(e.prompt_ids), len(e.answer_ids), processor.geometry.n_tokens(e.n_frames))
        for e in examples
    ]


def _estimated(
    recipe: AdapterRecipe, utterance: Utterance, geometry: AudioGeometry, form: TurnFormat
) -> list[_ExampleSize]:
    audio = geometry.n_tokens(MeasuredClip.of(utterance, geometry).n_frames)
    sizes: list[_ExampleSize] = []
    for task in recipe.tasks:
        answer = target(task, utterance, recipe.target)
        if answer is not None:
            turn = user_turn(task, recipe.prompt, utterance.text, form)
            prompt = (audio if form.audio else 0) + round(len(turn) / _PROMPT_CHARACTERS)
            sizes.append(_ExampleSize(task, prompt, round(len(render(answer)) / _ANSWER_CHARACTERS), audio))
    return sizes


def _weights(model: torch.nn.Module) -> dict[str, str]:
    trained = trainable(model)
    total = sum(parameter.numel() for parameter in model.parameters())
    groups: dict[str, list[int]] = {}
    for name, size in trained.items():
        groups.setdefault(_pattern(name), []).append(size)
    listed = {f"  {name}": f"{len(group)} tensors, {sum(group):,}" for name, group in groups.items()}
    return {
        "parameters": f"{total:,}",
        "trained": f"{sum(trained.values()):,} in {len(trained)} tensors",
    } | listed


def _pattern(name: str) -> str:
    """Return a parameter's name without wrappers, with a star in place of the layer number."""
    parts = name.removeprefix("base_model.model.").split(".")
    wrappers = {"default", "modules_to_save", "weight", "bias", "trainable_tokens_delta"}
    kept = ["*" if part.isdecimal() else part for part in parts if part not in wrappers]
    return ".".join(kept[:8] if "encoder" not in kept else kept[: kept.index("encoder") + 1])


def _data(recipe: AdapterRecipe, split: AdapterSplit, sizes: Sequence[_ExampleSize]) -> dict[str, str]:
    facts: dict[str, str] = {}
    for task in recipe.tasks:
        own = [s for s in sizes if s.task == task]
        without = len(split.train) - len(own)
        facts[f"examples, {task}"] = f"{len(own):,}" + (f" ({without:,} lack its labels)" if without else "")
    prompt, answer = sum(s.prompt for s in sizes), sum(s.answer for s in sizes)
    longest = max((s.prompt + s.answer for s in sizes), default=0)
    chooses = (
        f"{len(split.dev):,} by {recipe.chooses_by}"
        if recipe.protocol == "dev"
        else "none: the last step is kept"
    )
    measured = {"measured at every epoch": f"{len(split.watched):,} of the test split"}
    return facts | {
        "tokens per epoch": f"{prompt + answer:,}, {answer:,} of them answers",
        "longest example": f"{longest:,} tokens",
        "utterances that choose the best": chooses,
        "utterances reported on": f"{len(split.report):,}",
        **(measured if recipe.protocol == "official" else {}),
    }


def _steps(recipe: AdapterRecipe, examples: int) -> dict[str, str]:
    batches = -(-examples // recipe.batch_size)
    per_epoch = -(-batches // recipe.accumulation)
    steps = recipe.max_steps or round(per_epoch * recipe.epochs + 0.499)
    size = f"{recipe.batch_size} x {recipe.accumulation} examples per step on one device"
    return {"steps": f"{steps:,}: {per_epoch:,} per epoch, {size}"}


def _memory(recipe: AdapterRecipe, config: Any, sizes: Sequence[_ExampleSize]) -> Mapping[str, str]:
    longest = sorted(sizes, key=lambda s: -(s.prompt + s.answer))[: recipe.batch_size]
    n = len(longest)
    largest = LargestBatch(
        n * max((s.prompt + s.answer for s in longest), default=0),
        n * max((s.answer for s in longest), default=0),
        n * max((s.audio for s in longest), default=0),
    )
    estimate = estimate_memory(config, recipe, largest)
    facts = {
        "memory, about": f"{estimate.total / GIB:.1f} GiB on one device",
        "  frozen weights": f"{estimate.frozen / GIB:.1f} GiB",
        "  trained weights, gradients, moments": f"{estimate.trained / GIB:.1f} GiB",
        "  activations of the largest batch": f"{estimate.activations / GIB:.1f} GiB",
    }
    facts |= {
        f"  with {name}": f"{b / GIB:.1f} GiB" for name, b in cheaper_options(recipe, largest, config).items()
    }
    if torch.cuda.is_available() and recipe.device != "cpu":
        available = available_bytes(torch.device("cuda"))
        return facts | {"memory here": f"{available / GIB:.1f} GiB free on {torch.cuda.get_device_name()}"}
    return facts | {"memory here": "no GPU that torch sees"}
