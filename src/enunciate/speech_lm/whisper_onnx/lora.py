"""A LoRA adapter as PEFT saves it, merged into a Whisper's weights: W + scale * B A, without torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from enunciate.errors import ModelNotFoundError
from enunciate.whisper_weights.ctranslate2 import Arrays
from enunciate.whisper_weights.files import read_weights

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
_PREFIX = "base_model.model."
_A, _B = ".lora_A.weight", ".lora_B.weight"


def merge_adapter(weights: Arrays, folder: Path) -> Arrays:
    """Return a base's weights with an adapter's in them; those that it changes are float32.

    Layers that were trained whole, such as an unfrozen encoder's, replace those of the base.

    Args:
        weights: The base's, under the names of transformers.
        folder: The adapter's folder.

    Raises:
        ModelNotFoundError: A file is missing, or the adapter is one of another base.
        MissingExtraError: Safetensors is not installed.
    """
    scale = np.float32(_scale(folder))
    adapter = read_weights(folder / WEIGHTS)
    _check_fit(weights, adapter, folder)
    merged = dict(weights)
    for key, values in adapter.items():
        name = _layer(key)
        if key.endswith(_A):
            change = scale * (_float(adapter[key.replace(_A, _B)]) @ _float(values))
            merged[name] = _float(weights[name]) + change
        elif not key.endswith(_B):
            merged[name] = _float(values)
    return merged


def check_adapter(weights: Arrays, folder: Path) -> None:
    """Check that an adapter can be merged, without the work of it.

    Args:
        weights: The base's, under the names of transformers.
        folder: The adapter's folder.

    Raises:
        ModelNotFoundError: As for `merge_adapter`.
        MissingExtraError: Safetensors is not installed.
    """
    _scale(folder)
    _check_fit(weights, read_weights(folder / WEIGHTS), folder)


def changes_encoder(folder: Path) -> bool:
    """Whether an adapter changes the encoder, so that the untouched decoder cannot use its states."""
    return any(".encoder." in name for name in read_weights(folder / WEIGHTS))


def _layer(key: str) -> str:
    """Return the name of the base's weights that a tensor of an adapter changes or replaces."""
    name = key.removeprefix(_PREFIX)
    for matrix in (_A, _B):
        if name.endswith(matrix):
            return f"{name.removesuffix(matrix)}.weight"
    return name


def _check_fit(weights: Arrays, adapter: Arrays, folder: Path) -> None:
    for key, values in adapter.items():
        if key.endswith(_B):
            continue
        name, shape = _layer(key), values.shape
        if key.endswith(_A):
            shape = (adapter[key.replace(_A, _B)].shape[0], values.shape[1])
        if name not in weights or weights[name].shape != shape:
            raise ModelNotFoundError(
                f"{folder}: the adapter does not fit this Whisper ({name}): "
                "take the base that it was trained on"
            )


def _scale(folder: Path) -> float:
    try:
        config: dict[str, Any] = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        rank = int(config["r"])
        return float(config["lora_alpha"]) / (rank**0.5 if config.get("use_rslora") else rank)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelNotFoundError(
            f"{folder / CONFIG}: no description of an adapter ({error}): take the whole folder that "
            "`enunciate train` wrote"
        ) from error


def _float(values: Any) -> Any:
    return np.asarray(values, dtype=np.float32)
