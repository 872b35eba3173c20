"""Load a checkpoint whole: transformers alone would fill missing tensors with random numbers, and warn."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import torch
from safetensors.torch import load_file  # pyright: ignore[reportUnknownVariableType]

from enunciate.errors import EnunciateError

SHOWN = 3
"""Names of tensors in an error message."""


def load_whole(
    model_class: Any,
    folder: Path,
    *,
    config: Any,
    dtype: torch.dtype,
    device: torch.device | str,
    attention: Any,
    not_loaded: str | None = None,
) -> Any:
    """Load the model of a folder, which must have every tensor of it and no others.

    Only a tensor that is tied to another, such as the output layer, may be missing.

    Args:
        model_class: A class of transformers.
        folder: With `config.json` and safetensors.
        config: The configuration.
        dtype: Type of the weights.
        device: Device of the weights.
        attention: As transformers takes it.
        not_loaded: A regular expression for the beginnings of tensors of the checkpoint that are left out.

    Raises:
        EnunciateError: Tensors are missing, unknown or of another shape; their names are in the message.
    """
    model, report = model_class.from_pretrained(
        **_source(folder),
        config=config,
        dtype=dtype,
        attn_implementation=attention,
        use_safetensors=True,
        trust_remote_code=False,
        device_map={"": device},
        output_loading_info=True,
        ignore_mismatched_sizes=True,
    )
    tied = cast("dict[str, str]", getattr(model, "_tied_weights_keys", None) or {})
    found: dict[str, set[str]] = {
        "missing": set(report["missing_keys"]) - tied.keys(),
        "unknown": {
            name
            for name in report["unexpected_keys"]
            if not_loaded is None or re.match(not_loaded, name) is None
        },
        "of another shape": {name for name, *_shapes in report["mismatched_keys"]},
    }
    wrong = [f"{len(names)} {kind} ({_some(names)})" for kind, names in found.items() if names]
    if wrong:
        raise EnunciateError(
            f"{folder}: not the whole checkpoint of a {model_class.__name__}: tensors are wrong: "
            f"{', '.join(wrong)}. Get the files again"
        )
    return model


def _source(folder: Path) -> dict[str, Any]:
    """Return the arguments that say where the weights are.

    Beside an adapter transformers would put it on at once; it does not if the weights come without a folder.
    """
    if not (folder / "adapter_config.json").is_file():
        return {"pretrained_model_name_or_path": folder}
    files = sorted(folder.glob("model*.safetensors"))
    tensors = {name: value for file in files for name, value in load_file(file).items()}
    return {"pretrained_model_name_or_path": None, "state_dict": tensors}


def _some(names: set[str]) -> str:
    shown = sorted(names)[:SHOWN]
    return ", ".join(shown) + (", ..." if len(names) > SHOWN else "")
