"""Checks before anything is loaded: each failure is reported with advice, and none comes after hours."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from enunciate.errors import DeviceError, MissingExtraError, RecipeError
from enunciate.speech_lm.families.registry import family_named
from enunciate.speech_lm.training.adapter_recipe import AdapterRecipe
from enunciate.speech_lm.training.memory import GIB, LargestBatch, estimate_memory, parameter_counts
from enunciate.torch_device import pick_device

_NEEDED = {
    "peft": "llm", "accelerate": "llm", "safetensors": "llm", "llguidance": "llm", "kaldialign": "eval",
    "scipy": "eval",
}  # fmt: skip
"""Packages that are imported late, and the extra that contains each."""
_LARGE = 500_000_000
"""Above this number of parameters, training on a CPU must be asked for."""
_UNCERTAINTY = 0.8
"""Training is refused only if this share of the estimate does not fit, because it may be too high."""


def check_set_up(recipe: AdapterRecipe) -> Path:
    """Check packages, device and checkpoint; fetch the checkpoint if it is not here yet.

    Returns:
        The checkpoint's folder.

    Raises:
        MissingExtraError: A package is not installed.
        RecipeError: An option needs a package that no extra contains.
        DeviceError: The recipe's device does not exist, or lacks something that the recipe needs.
        ModelNotFoundError: There is no checkpoint here, and none can be fetched.
    """
    check_packages(recipe)
    check_device(recipe)
    family = family_named(recipe.kind)
    folder = family.checkpoint_folder(recipe.model, recipe.revision)
    if recipe.device != "auto" or torch.cuda.is_available():
        return folder
    total, _ = parameter_counts(family, family.config(folder), recipe.adapter)
    if total > _LARGE:
        raise DeviceError(
            f"{recipe.model} has {total / 1e9:.1f} billion parameters, and torch sees no GPU here: train it "
            "on a machine with one (and torch with CUDA), or give device=cpu, which takes very long"
        )
    return folder


def check_packages(recipe: AdapterRecipe) -> None:
    """Check the packages that would be missed only after hours of training.

    Raises:
        MissingExtraError: A package is not installed.
        RecipeError: An option needs a package that no extra contains.
    """
    if recipe.augment is not None and not family_named(recipe.kind).takes_log_mel:
        raise RecipeError(recipe.kind, ["augment: this family does not take the features that are changed"])
    for package, extra in _NEEDED.items():
        if find_spec(package) is None:
            raise MissingExtraError(package, extra)
    if recipe.attention == "flash_attention_2" and find_spec("flash_attn") is None:
        raise RecipeError(
            recipe.kind, ["attention: flash_attn is not installed: pip install flash-attn, or use sdpa"]
        )


def check_speed_options(recipe: AdapterRecipe, processes: int) -> None:
    """Check that the options that make a step faster fit the family and the processes.

    Raises:
        RecipeError: One does not.
    """
    problems: list[str] = []
    if recipe.compile_layers and not family_named(recipe.kind).runs_layer_by_layer:
        problems.append("compile_layers: the layers of this family are not called as a whole: give false")
    if recipe.bf16_lora and sharding_is_asked_for():
        problems.append("bf16_lora: the copies of sharded weights are not kept: give false, or run torchrun")
    if recipe.join_to and sharding_is_asked_for():
        problems.append("join_to: processes that share a model must make as many passes: give 0")
    if recipe.bf16_lora and recipe.precision != "bf16":
        problems.append("bf16_lora: needs precision=bf16")
    if problems:
        raise RecipeError(recipe.kind, problems)


def check_device(recipe: AdapterRecipe) -> None:
    """Check the device that the recipe names.

    Raises:
        DeviceError: The device does not exist, or has no bfloat16.
    """
    device = pick_device(recipe.device)
    if device.type == "cuda" and recipe.precision == "bf16" and not torch.cuda.is_bf16_supported():
        raise DeviceError("this GPU has no bfloat16: give precision=fp32 (twice the memory)")


def sharding_is_asked_for() -> bool:
    """Whether this run shards its model over processes (FSDP), as accelerate's launcher says."""
    return os.environ.get("ACCELERATE_USE_FSDP", "").lower() in ("1", "true")


def check_sharding(recipe: AdapterRecipe) -> None:
    """Check that the recipe can be sharded, if this run is.

    Raises:
        RecipeError: The family cannot be sharded, or control tokens are to be trained: PEFT and FSDP both
            take over the embedding's weights.
    """
    if sharding_is_asked_for() and not family_named(recipe.kind).can_be_sharded:
        raise RecipeError(
            recipe.kind, ["models of this family cannot be sharded: use torchrun, without accelerate's FSDP"]
        )
    if sharding_is_asked_for() and recipe.prompt.control == "special":
        raise RecipeError(
            recipe.kind,
            ["prompt.control: 'special' does not work with FSDP: use 'text', or torchrun without sharding"],
        )


def check_memory(recipe: AdapterRecipe, device: torch.device, largest: LargestBatch, config: Any) -> None:
    """Check by an estimate whether the largest batch fits; sharded training is not checked.

    Raises:
        DeviceError: It does not fit; the message names options that would need less, and how much.
    """
    if sharding_is_asked_for():
        return
    needed = estimate_memory(config, recipe, largest).total
    available = available_bytes(device)
    if _UNCERTAINTY * needed <= available:
        return
    options = "; ".join(
        f"{name} (about {less / GIB:.0f} GiB)"
        for name, less in cheaper_options(recipe, largest, config).items()
    )
    raise DeviceError(
        f"training takes about {needed / GIB:.0f} GiB for the largest batch, and {device} has "
        f"{available / GIB:.0f}: {options or 'use a larger device, or several (recipe accelerate/fsdp)'}"
    )


def cheaper_options(recipe: AdapterRecipe, largest: LargestBatch, config: Any) -> Mapping[str, float]:
    """Return options that need less memory, each with its need in bytes; the last one combines all."""
    changes: dict[str, dict[str, Any]] = {}
    if not recipe.gradient_checkpointing:
        changes["gradient_checkpointing=true"] = {"gradient_checkpointing": True}
    if recipe.batch_size > 1:
        steps = recipe.batch_size * recipe.accumulation
        changes[f"batch_size=1 accumulation={steps}"] = {"batch_size": 1, "accumulation": steps}
    if recipe.adapter.start == "speech" or recipe.adapter.rank > 64:
        small = recipe.adapter.model_copy(update={"start": "fresh", "rank": 64, "alpha": 128.0})
        changes["adapter.start=fresh adapter.rank=64 adapter.alpha=128"] = {"adapter": small}
    if len(changes) > 1:
        changes["all of these"] = {key: value for change in changes.values() for key, value in change.items()}
    needs: dict[str, float] = {}
    now = estimate_memory(config, recipe, largest).total
    for name, change in changes.items():
        changed = recipe.model_copy(update=change)
        scaled = largest.scaled(changed.batch_size / recipe.batch_size)
        need = estimate_memory(config, changed, scaled).total
        if need < 0.97 * now:
            needs[name] = need
    return needs


def available_bytes(device: torch.device) -> float:
    """Return the free memory of a GPU, or the whole memory of the computer."""
    if device.type == "cuda":
        return float(torch.cuda.mem_get_info(device)[0])
    if not hasattr(os, "sysconf"):  # Windows: do not refuse
        return float("inf")
    return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
