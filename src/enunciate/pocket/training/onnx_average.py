"""The mean of the weights of ONNX files that one program exported, of which some may be stored in 8 bits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

from enunciate.errors import EnunciateError
from enunciate.pocket.training.onnx_traces import clear_notes

_QUANTIZED, _SCALE = "_quantized", "_scale"
_LARGEST = 127
"""The largest value of a weight in 8 bits."""
_Tensors = dict[str, onnx.TensorProto]


def average_onnx(paths: Sequence[Path], shares: Sequence[float], out: Path) -> None:
    """Write the weighted mean of files of one graph; 8-bit matrices are rounded again, column by column.

    Args:
        paths: At least one file.
        shares: What each counts, with a sum of 1.
        out: The file to write.

    Raises:
        EnunciateError: The graphs differ.
    """
    models: list[Any] = [onnx.load(path) for path in paths]
    tensors: list[_Tensors] = [{one.name: one for one in model.graph.initializer} for model in models]
    for path, model, found in zip(paths, models, tensors, strict=True):
        same_nodes = _operations(model) == _operations(models[0])
        if not same_nodes or {k: list(v.dims) for k, v in found.items()} != {
            k: list(v.dims) for k, v in tensors[0].items()
        }:
            raise EnunciateError(
                f"{path} is not of the same network as {paths[0]}: average runs of one recipe"
            )
    target = tensors[0]
    scales = {name.removesuffix(_QUANTIZED) + _SCALE for name in target if name.endswith(_QUANTIZED)}
    for name in list(target):
        if name.endswith(_QUANTIZED):
            scale = name.removesuffix(_QUANTIZED) + _SCALE
            mean = _mean([_array(own[name]) * _array(own[scale]) for own in tensors], shares)
            step = np.maximum(np.abs(mean).max(axis=0) / _LARGEST, np.finfo(np.float32).tiny)
            _set(target[name], np.rint(mean / step).astype(np.int8))
            _set(target[scale], step.astype(np.float32))
        elif target[name].data_type == onnx.TensorProto.FLOAT and name not in scales:
            _set(target[name], _mean([_array(own[name]) for own in tensors], shares))
    clear_notes(models[0])
    out.write_bytes(models[0].SerializeToString())


def _operations(model: Any) -> list[str]:
    return [node.op_type for node in model.graph.node]


def _mean(arrays: Sequence[npt.NDArray[Any]], shares: Sequence[float]) -> npt.NDArray[np.float32]:
    return np.average(np.stack(arrays), axis=0, weights=shares).astype(np.float32)


def _array(tensor: onnx.TensorProto) -> npt.NDArray[Any]:
    return numpy_helper.to_array(tensor)


def _set(tensor: onnx.TensorProto, values: npt.NDArray[Any]) -> None:
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
