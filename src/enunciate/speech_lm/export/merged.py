"""An adapter merged into its base: one folder of safetensors, for this package and for transformers."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import safe_open

from enunciate.huggingface import quiet_loading
from enunciate.speech_lm.adapter import load_adapter, merged
from enunciate.speech_lm.adapter_folder import read_description
from enunciate.speech_lm.export.card import SERVERS, write_export_card
from enunciate.speech_lm.export.out_folder import new_folder
from enunciate.speech_lm.families.family import Family
from enunciate.speech_lm.families.registry import family_named, family_of
from enunciate.speech_lm.options import AdapterDescription
from enunciate.speech_lm.processor import Processor
from enunciate.storage import RECIPE_FILE


def merged_model(
    folder: Path, trained: AdapterDescription, dtype: torch.dtype, device: torch.device | str
) -> tuple[Any, Processor]:
    """Load an adapter on its base and merge the two.

    Args:
        folder: The adapter's folder.
        trained: Its description.
        dtype: Type of the merged weights.
        device: Device of the merged weights.

    Returns:
        The `SpeechModel`, and its processor.

    Raises:
        ModelNotFoundError: A file is missing, or the base is not here and cannot be fetched.
        EnunciateError: The adapter does not fit the base.
    """
    family = family_named(trained.kind)
    with quiet_loading():
        processor = family.processor(str(folder), None, trained.prompt.control)
        base = family.load(trained.model, revision=trained.revision, dtype=dtype, device=device)
        family.fit_vocabulary(base, processor)
        return merged(load_adapter(base, folder, trainable=False)), processor


def export_merged(adapter: Path, out: Path) -> None:
    """Write the merged model with its tokenizer, the adapter's recipe and a card.

    `load_assessor` runs the folder as it runs the adapter; transformers loads it as any checkpoint.

    Args:
        adapter: A folder that `enunciate train` wrote.
        out: The folder to write; it must be new or empty.

    Raises:
        OutputError: The folder has files.
        ModelNotFoundError: A file is missing, or the base is not here and cannot be fetched.
        EnunciateError: The adapter does not fit the base.
    """
    trained = read_description(adapter)
    with new_folder(out) as folder:
        model, processor = merged_model(adapter, trained, _dtype(family_named(trained.kind), trained), "cpu")
        with quiet_loading():
            model.save_pretrained(folder, state_dict=model.state_dict() | _not_loaded(model))
        processor.save(folder)
        shutil.copyfile(adapter / RECIPE_FILE, folder / RECIPE_FILE)
        write_export_card(folder, out, trained, SERVERS[trained.kind])


def _not_loaded(model: Any) -> dict[str, torch.Tensor]:
    """Return the tensors of the base's checkpoint that were not loaded, so that the folder is whole."""
    pattern, checkpoint = family_of(model).not_loaded, model.checkpoint
    found: dict[str, torch.Tensor] = {}
    if pattern is None:
        return found
    for path in sorted(checkpoint.glob("*.safetensors")):
        with cast("Any", safe_open)(path, framework="pt") as tensors:
            found |= {n: tensors.get_tensor(n) for n in tensors.keys() if re.match(pattern, n)}  # noqa: SIM118
    return {name: value.to(model.weight_dtype) for name, value in found.items()}


def _dtype(family: Family, trained: AdapterDescription) -> torch.dtype:
    return family.frozen_dtype(trained.precision)
