"""Trained weights in a folder: `settings.json`, and half-precision matrices in `.npz` files of 15 MiB."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from enunciate.errors import ModelNotFoundError
from enunciate.pocket.training.encoder_config import EncoderConfig
from enunciate.pocket.training.model import PocketModel
from enunciate.pocket.training.options import ModelOptions
from enunciate.pocket.training.whisper_weights import read_whisper

SETTINGS = "settings.json"
LARGEST_PART = 15 * 2**20
"""Bytes of values in one file."""
POSITIONS = "encoder.positions"
"""Whisper's positional encodings stay as they are, so they are not stored with trained weights."""


def save_model(model: PocketModel, folder: Path) -> None:
    """Write the weights and the settings of a model; the folder is made."""
    folder.mkdir(parents=True, exist_ok=True)
    parts: list[dict[str, Any]] = [{}]
    size = 0
    for name, tensor in model.state_dict().items():
        if name == POSITIONS:
            continue
        values = tensor.detach().float().cpu().numpy()
        values = values.astype(np.float16 if values.ndim > 1 else np.float32)
        if size + values.nbytes > LARGEST_PART:
            parts.append({})
            size = 0
        parts[-1][name] = values
        size += values.nbytes
    for index, part in enumerate(parts):
        np.savez(folder / f"weights{index}.npz", **part)
    settings = model.options.model_dump(mode="json") | {"encoder": asdict(model.config)}
    (folder / SETTINGS).write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")


def load_model(folder: Path, whisper: Path | None) -> PocketModel:
    """Load a trained model, ready to run.

    Args:
        folder: What `save_model` wrote.
        whisper: The file of Whisper's weights from which the training started, for its positional encodings;
            a conformer has none, and None will do.

    Raises:
        ModelNotFoundError: a file or a tensor is missing, or does not fit the settings.
    """
    model = _empty_model(folder)
    own = model.state_dict()
    state: dict[str, Tensor] = {}
    if POSITIONS in own:
        if whisper is None:
            raise ModelNotFoundError(
                f"{folder}: its positional encodings are in Whisper's weights, and no file of those is given"
            )
        state[POSITIONS] = read_whisper(whisper, 0)["positions"]
    for path in sorted(folder.glob("weights*.npz")):
        with np.load(path) as arrays:
            state |= {name: torch.from_numpy(arrays[name].astype(np.float32)) for name in arrays.files}
    if state.keys() != own.keys():
        wrong = ", ".join(sorted(state.keys() ^ own.keys())[:3])
        raise ModelNotFoundError(
            f"{folder}: the weights do not fit {SETTINGS}: missing or unexpected {wrong}"
        )
    model.load_state_dict({name: _shaped(state[name], own[name], name, folder) for name in own})
    return model.eval()


def _empty_model(folder: Path) -> PocketModel:
    try:
        settings = cast(dict[str, Any], json.loads((folder / SETTINGS).read_text(encoding="utf-8")))
        config = EncoderConfig(**settings.get("encoder", {}))
        options = ModelOptions(members=settings["members"], layers=settings["layers"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelNotFoundError(
            f"{folder}: no trained model ({error}). Give the folder of a training"
        ) from error
    return PocketModel(options, config)


def _shaped(value: Tensor, like: Tensor, name: str, folder: Path) -> Tensor:
    """The value as the model has it: NumPy stores a counter, which has no dimension, with one."""
    if value.numel() != like.numel():
        raise ModelNotFoundError(f"{folder}: {name} has shape {tuple(value.shape)}, not {tuple(like.shape)}")
    return value.reshape(like.shape)
