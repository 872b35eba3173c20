"""Models of CTranslate2, as faster-whisper keeps them: the file `model.bin`, and the names in it."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Arrays = dict[str, npt.NDArray[Any]]
"""Arrays by their names."""

_TYPES = ("float32", "int8", "int16", "int32", "float16")
_LAYER = re.compile(r"(encoder|decoder)/layer_(\d+)/(.+)/(\w+)")
_OUTSIDE_LAYERS = {
    "position_encodings/encodings": "embed_positions.weight",
    "embeddings/weight": "embed_tokens.weight",
    "layer_norm/gamma": "layer_norm.weight",
    "layer_norm/beta": "layer_norm.bias",
    **{f"conv{n}/{part}": f"conv{n}.{part}" for n in (1, 2) for part in ("weight", "bias")},
}
_IN_LAYERS = {
    "self_attention/layer_norm": ("self_attn_layer_norm",),
    "self_attention/linear_0": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "self_attention/linear_1": ("self_attn.out_proj",),
    "attention/layer_norm": ("encoder_attn_layer_norm",),
    "attention/linear_0": ("encoder_attn.q_proj",),
    "attention/linear_1": ("encoder_attn.k_proj", "encoder_attn.v_proj"),
    "attention/linear_2": ("encoder_attn.out_proj",),
    "ffn/layer_norm": ("final_layer_norm",),
    "ffn/linear_0": ("fc1",),
    "ffn/linear_1": ("fc2",),
}
"""The modules of transformers whose matrices CTranslate2 keeps in one, row under row."""
_PARTS = {"gamma": "weight", "beta": "bias", "weight": "weight", "bias": "bias"}


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
        if kind >= len(_TYPES):
            raise ValueError(f"{name} has a type that is not supported")
        arrays[name] = np.frombuffer(values, _TYPES[kind]).reshape(shape)
    return arrays


def transformers_names(arrays: Mapping[str, npt.NDArray[Any]]) -> Arrays:
    """Return the weights of a CTranslate2 Whisper under the names of transformers' state dictionary.

    Matrices that it keeps in one become three or two, and the biases of keys, all zero, are left out.

    Raises:
        ValueError: a matrix is stored in int8.
    """
    return {name: values for place in arrays for name, values in _renamed(place, arrays[place])}


def _renamed(place: str, values: npt.NDArray[Any]) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """The weights, none or several, that one array holds."""
    side, _, rest = place.partition("/")
    if rest in _OUTSIDE_LAYERS:
        yield f"model.{side}.{_OUTSIDE_LAYERS[rest]}", _whole(place, values)
        return
    match = _LAYER.fullmatch(place)
    if match is None or match[3] not in _IN_LAYERS or match[4] not in _PARTS:
        return
    modules, part = _IN_LAYERS[match[3]], _PARTS[match[4]]
    for module, rows in zip(modules, np.split(_whole(place, values), len(modules)), strict=True):
        if not (module.endswith("k_proj") and part == "bias"):
            yield f"model.{side}.layers.{match[2]}.{module}.{part}", rows


def _whole(place: str, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if values.dtype.kind != "f":
        raise ValueError(f"{place} is stored as {values.dtype}: convert the model to float16")
    return values


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
