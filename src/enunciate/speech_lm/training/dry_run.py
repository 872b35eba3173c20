"""What a recipe would train, on what, for how many steps and in about how much memory, without weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import Phi4MultimodalConfig

from enunciate.errors import ModelNotFoundError
from enunciate.schema import Utterance
from enunciate.speech_lm.adapter import trainable
from enunciate.speech_lm.families.phi4.model import full_config
from enunciate.speech_lm.options import HUB_NAME, Task
from enunciate.speech_lm.processor import Processor
from enunciate.speech_lm.prompts import user_turn
from enunciate.speech_lm.targets import render, target
from enunciate.speech_lm.training.adapter_recipe import Phi4Recipe
from enunciate.speech_lm.training.checks import (
    cheaper,
    check_packages,
    description_folder,
    memory_bytes,
    read_config,
)
from enunciate.speech_lm.training.data import Recording, examples_of
from enunciate.speech_lm.training.memory import GIB, Load, estimate, without_weights
from enunciate.speech_lm.training.selection import Material, choose
from enunciate.speech_lm.training.train import quieten

_PROMPT_CHARACTERS = 4.0
_ANSWER_CHARACTERS = 2.3
"""Characters a token, where there is no tokenizer to count with: of English text, and of JSON and phones."""


@dataclass(frozen=True)
class _Sequence:
    """An example, as far as its size goes."""

    task: Task
    prompt: int
    answer: int
    audio: int


def dry_run(recipe: Phi4Recipe) -> dict[str, str]:
    """Facts about a run, by name.

    Raises:
        EnunciateError: what is wrong with the corpus, or a missing package.
        ModelNotFoundError: the model is neither Phi-4 nor a folder with a configuration.
    """
    quieten()
    check_packages(recipe)
    facts: dict[str, str] = {}
    folder = description_folder(recipe)
    config = _config(recipe, folder, facts)
    material = choose(recipe)
    sequences = _sequences(recipe, material.learn, folder, facts)
    processor_ids = (0, 1)[: len(recipe.tasks)] if recipe.prompt.control == "special" else ()
    model = without_weights(config, recipe.adapter, processor_ids)
    facts |= _weights(model)
    facts |= _data(recipe, material, sequences)
    facts |= _steps(recipe, len(sequences))
    return {**facts, **_memory(recipe, config, sequences)}


def _config(recipe: Phi4Recipe, folder: Path | None, facts: dict[str, str]) -> Phi4MultimodalConfig:
    if folder is not None:
        facts["model"] = recipe.model
        return read_config(folder)
    if recipe.model != HUB_NAME:
        raise ModelNotFoundError(
            f"{recipe.model}: neither a folder with config.json nor a name that the Hugging Face hub can be "
            "asked for now. Give the folder of a checkpoint, or go online"
        )
    facts["model"] = f"{HUB_NAME} (not here and not to be reached: its known configuration is used)"
    return full_config()


def _sequences(
    recipe: Phi4Recipe, learn: Sequence[Utterance], folder: Path | None, facts: dict[str, str]
) -> list[_Sequence]:
    if folder is None:
        facts["tokens are"] = "estimated from the number of characters: the tokenizer is not here"
        return [found for utterance in learn for found in _estimated(recipe, utterance)]
    processor = Processor.load(str(folder), None, recipe.prompt.control)
    facts["tokens are"] = "counted"
    examples = examples_of(learn, recipe.tasks, recipe.prompt, recipe.target, processor)
    return [
        _Sequence(e.task, len(e.prompt_ids), len(e.answer_ids), processor.audio_tokens(e.n_frames))
        for e in examples
    ]


def _estimated(recipe: Phi4Recipe, utterance: Utterance) -> list[_Sequence]:
    audio = -(-Recording.of(utterance).n_frames // 8)
    found: list[_Sequence] = []
    for task in recipe.tasks:
        answer = target(task, utterance, recipe.target)
        if answer is not None:
            turn = user_turn(task, recipe.prompt, utterance.text)
            prompt = audio + round(len(turn) / _PROMPT_CHARACTERS)
            found.append(_Sequence(task, prompt, round(len(render(answer)) / _ANSWER_CHARACTERS), audio))
    return found


def _weights(model: torch.nn.Module) -> dict[str, str]:
    trained = trainable(model)
    every = sum(parameter.numel() for parameter in model.parameters())
    groups: dict[str, list[int]] = {}
    for name, size in trained.items():
        groups.setdefault(_pattern(name), []).append(size)
    listed = {f"  {name}": f"{len(found)} tensors, {sum(found):,}" for name, found in groups.items()}
    return {
        "parameters": f"{every:,}",
        "trained": f"{sum(trained.values()):,} in {len(trained)} tensors",
    } | listed


def _pattern(name: str) -> str:
    """A parameter's name without wrappers, with a star for the number of its layer."""
    parts = name.removeprefix("base_model.model.").split(".")
    wrappers = {"default", "modules_to_save", "weight", "bias", "trainable_tokens_delta"}
    kept = ["*" if part.isdecimal() else part for part in parts if part not in wrappers]
    return ".".join(kept[:8] if "encoder" not in kept else kept[: kept.index("encoder") + 1])


def _data(recipe: Phi4Recipe, material: Material, sequences: Sequence[_Sequence]) -> dict[str, str]:
    facts: dict[str, str] = {}
    for task in recipe.tasks:
        own = [s for s in sequences if s.task == task]
        without = len(material.learn) - len(own)
        facts[f"examples, {task}"] = f"{len(own):,}" + (f" ({without:,} lack its labels)" if without else "")
    prompt, answer = sum(s.prompt for s in sequences), sum(s.answer for s in sequences)
    longest = max((s.prompt + s.answer for s in sequences), default=0)
    return facts | {
        "tokens an epoch": f"{prompt + answer:,}, {answer:,} of them answers",
        "longest example": f"{longest:,} tokens",
        "utterances that choose the best": f"{len(material.dev):,} by {recipe.chooses_by}",
        "utterances reported on": f"{len(material.report):,}",
    }


def _steps(recipe: Phi4Recipe, examples: int) -> dict[str, str]:
    batches = -(-examples // recipe.batch_size)
    an_epoch = -(-batches // recipe.accumulation)
    steps = recipe.max_steps or round(an_epoch * recipe.epochs + 0.499)
    size = f"{recipe.batch_size} x {recipe.accumulation} examples a step on one device"
    return {"steps": f"{steps:,}: {an_epoch:,} an epoch, {size}"}


def _memory(
    recipe: Phi4Recipe, config: Phi4MultimodalConfig, sequences: Sequence[_Sequence]
) -> Mapping[str, str]:
    longest = sorted(sequences, key=lambda s: -(s.prompt + s.answer))[: recipe.batch_size]
    size = len(longest)
    load = Load(
        size * max((s.prompt + s.answer for s in longest), default=0),
        size * max((s.answer for s in longest), default=0),
        size * max((s.audio for s in longest), default=0),
    )
    found = estimate(config, recipe, load)
    facts = {
        "memory, about": f"{found.total / GIB:.1f} GiB on one device",
        "  frozen weights": f"{found.frozen / GIB:.1f} GiB",
        "  trained weights, gradients, moments": f"{found.trained / GIB:.1f} GiB",
        "  activations of the longest batch": f"{found.activations / GIB:.1f} GiB",
    }
    facts |= {f"  with {name}": f"{b / GIB:.1f} GiB" for name, b in cheaper(recipe, load, config).items()}
    if torch.cuda.is_available() and recipe.device != "cpu":
        there = memory_bytes(torch.device("cuda"))
        return facts | {"memory here": f"{there / GIB:.1f} GiB free on {torch.cuda.get_device_name()}"}
    return facts | {"memory here": "no GPU that torch sees"}
