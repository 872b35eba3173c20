"""What can be known to go wrong is found before anything is loaded, each with a line on what to do."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import torch
from transformers import Phi4MultimodalConfig, TrainingArguments

from enunciate.errors import DeviceError, MissingExtraError, RecipeError
from enunciate.speech_lm.families.phi4.model import checkpoint_folder
from enunciate.speech_lm.options import revision_of
from enunciate.speech_lm.training.adapter_recipe import Phi4Recipe
from enunciate.speech_lm.training.memory import GIB, Load, estimate, sizes
from enunciate.torch_device import pick_device

_NEEDED = {
    "peft": "llm", "accelerate": "llm", "safetensors": "llm", "llguidance": "llm", "kaldialign": "eval",
    "scipy": "eval",
}  # fmt: skip
"""Packages that are imported only after a while, and the extra that each is in."""
_LARGE = 500_000_000
"""Parameters from which on a processor is no place to train, unless somebody says so."""
_DOUBT = 0.8
"""The estimate of memory may be too high by so much."""


def check_set_up(recipe: Phi4Recipe) -> Path:
    """Packages, device and checkpoint; fetches a checkpoint that is not here yet.

    Returns:
        The checkpoint's folder.

    Raises:
        MissingExtraError: a package is not installed.
        RecipeError: an option needs a package that no extra has.
        DeviceError: the recipe's device is not there, or cannot do what the recipe asks.
        ModelNotFoundError: there is no checkpoint here, and none can be fetched.
    """
    check_packages(recipe)
    check_device(recipe)
    folder = checkpoint_folder(recipe.model, recipe.revision)
    if recipe.device != "auto" or torch.cuda.is_available():
        return folder
    every, _ = sizes(read_config(folder), recipe.adapter)
    if every > _LARGE:
        raise DeviceError(
            f"{recipe.model} has {every / 1e9:.1f} billion parameters, and torch sees no GPU here: train it "
            "on a machine with one (and torch with CUDA), or say device=cpu and wait for a very long time"
        )
    return folder


def check_packages(recipe: Phi4Recipe) -> None:
    """Those that would be missed only after hours.

    Raises:
        MissingExtraError: one is not installed.
        RecipeError: an option needs a package that no extra has.
    """
    for package, extra in _NEEDED.items():
        if find_spec(package) is None:
            raise MissingExtraError(package, extra)
    if recipe.attention == "flash_attention_2" and find_spec("flash_attn") is None:
        raise RecipeError(
            recipe.kind, ["attention: flash_attn is not installed: pip install flash-attn, or use sdpa"]
        )


def check_device(recipe: Phi4Recipe) -> None:
    """The device that the recipe names.

    Raises:
        DeviceError: it is not there, or has no bfloat16.
    """
    device = pick_device(recipe.device)
    if device.type == "cuda" and recipe.precision == "bf16" and not torch.cuda.is_bf16_supported():
        raise DeviceError("this GPU has no bfloat16: give precision=fp32 (twice the memory)")


def is_sharded(arguments: TrainingArguments) -> bool:
    """Whether this run shards its model over processes (FSDP), by accelerate's launcher or by hand."""
    return bool(arguments.fsdp) or os.environ.get("ACCELERATE_USE_FSDP", "").lower() in ("1", "true")


def check_sharding(recipe: Phi4Recipe, arguments: TrainingArguments) -> None:
    """What cannot be sharded.

    Raises:
        RecipeError: control tokens are to be trained: PEFT and FSDP both claim the embedding's weights.
    """
    if is_sharded(arguments) and recipe.prompt.control == "special":
        raise RecipeError(
            recipe.kind,
            ["prompt.control: 'special' does not work with FSDP: use 'text', or torchrun without sharding"],
        )


def check_memory(
    recipe: Phi4Recipe, arguments: TrainingArguments, load: Load, config: Phi4MultimodalConfig
) -> None:
    """Whether the longest batch fits, by an estimate; not for sharded training, where it says little.

    Raises:
        DeviceError: it does not, with what would lower the need, and to how much.
    """
    if is_sharded(arguments):
        return
    needed, there = estimate(config, recipe, load).total, memory_bytes(arguments.device)
    if _DOUBT * needed <= there:
        return
    options = "; ".join(
        f"{name} (about {less / GIB:.0f} GiB)" for name, less in cheaper(recipe, load, config).items()
    )
    raise DeviceError(
        f"training takes about {needed / GIB:.0f} GiB for the longest batch, and {arguments.device} has "
        f"{there / GIB:.0f}: {options or 'take a larger device, or several (recipe accelerate/fsdp)'}"
    )


def cheaper(recipe: Phi4Recipe, load: Load, config: Phi4MultimodalConfig) -> Mapping[str, float]:
    """Options that lower the need, each with what it lowers it to, in bytes; the last one is all together."""
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
    found: dict[str, float] = {}
    now = estimate(config, recipe, load).total
    for name, change in changes.items():
        changed = recipe.model_copy(update=change)
        less = estimate(config, changed, load.with_batch(changed.batch_size / recipe.batch_size)).total
        if less < 0.97 * now:
            found[name] = less
    return found


def memory_bytes(device: torch.device) -> float:
    """Memory of a device: what is free on a GPU, all there is on a computer."""
    if device.type == "cuda":
        return float(torch.cuda.mem_get_info(device)[0])
    if not hasattr(os, "sysconf"):  # Windows: let it try
        return float("inf")
    return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))


def description_folder(recipe: Phi4Recipe) -> Path | None:
    """Where a model's configuration and tokenizer are, fetched without weights; None where they cannot be."""
    if Path(recipe.model).is_dir():
        return Path(recipe.model)
    from huggingface_hub import snapshot_download  # pyright: ignore[reportUnknownVariableType]

    revision = revision_of(recipe.model, recipe.revision)
    try:
        return Path(snapshot_download(recipe.model, revision=revision, allow_patterns=["*.json", "*.txt"]))
    except Exception:  # the hub's errors have no common base; whatever it is, there is no description
        return None


def read_config(folder: Path) -> Phi4MultimodalConfig:
    """Of a checkpoint."""
    return cast("Any", Phi4MultimodalConfig).from_pretrained(folder)
