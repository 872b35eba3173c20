"""An adapter of Phi-4-multimodal for vLLM, whose class loads the checkpoint's original layout.

In both layouts the decoder's layers have the same names, so LoRA matrices on the decoder fit either. vLLM
adds matrices to linear layers and changes nothing else.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import (
    load_file,  # pyright: ignore[reportUnknownVariableType]
    save_file,  # pyright: ignore[reportUnknownVariableType]
)

from enunciate.errors import EnunciateError
from enunciate.speech_lm.adapter import CONFIG_FILE, WEIGHTS_FILE, module_of, read_settings
from enunciate.speech_lm.adapter_folder import read_description
from enunciate.speech_lm.export.card import vllm_commands, write_export_card
from enunciate.speech_lm.export.out_folder import new_folder
from enunciate.speech_lm.families.phi4.adapter_layout import LORA_TARGETS
from enunciate.speech_lm.families.phi4.hub import HUB_NAME
from enunciate.speech_lm.options import AdapterDescription
from enunciate.storage import RECIPE_FILE

RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""The values of vLLM's `--max-lora-rank`."""
TARGETS = ("qkv_proj", "o_proj", "gate_up_proj", "down_proj")


def export_for_vllm(adapter: Path, out: Path) -> None:
    """Write the adapter with the names of the original layout, its recipe and a card.

    Args:
        adapter: A folder that `enunciate train` wrote.
        out: The folder to write; it must be new or empty.

    Raises:
        OutputError: The folder has files.
        ModelNotFoundError: A file of the adapter is missing.
        EnunciateError: vLLM cannot run this adapter; the message says why.
    """
    trained, settings = read_description(adapter), read_settings(adapter)
    weights: dict[str, torch.Tensor] = load_file(adapter / WEIGHTS_FILE)
    problems = list(_problems(trained, settings, weights))
    if problems:
        raise EnunciateError(
            f"{adapter}: vLLM cannot run this adapter: {'; '.join(problems)}. `--format merged` writes the "
            "whole model, which this package serves (enunciate serve --model OUT)"
        )
    with new_folder(out) as folder:
        matrices = {name: value.to(torch.bfloat16) for name, value in weights.items()}
        save_file(matrices, folder / WEIGHTS_FILE, metadata={"format": "pt"})
        (folder / CONFIG_FILE).write_text(json.dumps(_configuration(settings), indent=1) + "\n")
        shutil.copyfile(adapter / RECIPE_FILE, folder / RECIPE_FILE)
        rank = min(size for size in RANKS if size >= settings.r)
        write_export_card(folder, out, trained, vllm_commands(rank))


def _problems(trained: AdapterDescription, settings: Any, weights: dict[str, torch.Tensor]) -> Iterator[str]:
    if trained.kind != "phi4":
        yield f"it is of the family {trained.kind}, and this layout is Phi-4-multimodal's"
        return
    if settings.modules_to_save:
        yield (
            f"it has whole modules (modules_to_save: {', '.join(settings.modules_to_save)}), and vLLM loads "
            "LoRA matrices only: train with adapter.strategy: lora"
        )
    elif settings.trainable_token_indices or trained.prompt.control == "special":
        yield "it has control tokens of its own, whose embeddings vLLM would not load: prompt.control: text"
    elif any(re.fullmatch(LORA_TARGETS, module_of(name)) is None for name in weights):
        yield "it has matrices outside the decoder, which vLLM would not load: adapter.where: decoder"
    if settings.use_dora:
        yield "it is a DoRA adapter"
    if settings.r > RANKS[-1]:
        yield f"its rank {settings.r} is over {RANKS[-1]}"
    if trained.target.scores == "apart":
        yield "its scores are read with hidden numbers, which a server does not do: target.scores: chained"


def _configuration(settings: Any) -> dict[str, Any]:
    return {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": HUB_NAME,
        "r": settings.r,
        "lora_alpha": settings.lora_alpha,
        "lora_dropout": 0.0,
        "use_rslora": settings.use_rslora,
        "bias": "none",
        "target_modules": list(TARGETS),
        "modules_to_save": None,
        "inference_mode": True,
    }
