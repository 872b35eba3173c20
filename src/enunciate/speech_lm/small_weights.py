"""Weights of a model in 8 or 4 bits: scales for each output, chosen from the weights alone (torchao)."""

# The library's annotations leave many types open.
# pyright: reportUnknownVariableType=false, reportMissingTypeStubs=false

from __future__ import annotations

from typing import Any, cast

import torch
from torch import nn

from enunciate.errors import DeviceError, needing
from enunciate.huggingface import quiet_loading
from enunciate.speech_lm.options import WeightFormat

_GROUP = 128
"""Inputs that share a scale in 4 bits; layers whose inputs are no multiple of it keep their weights."""


def round_weights(model: nn.Module, weights: WeightFormat) -> None:
    """Round the weights of a model, in place, as an engine keeps them.

    Args:
        model: A `SpeechModel` without an adapter of its own.
        weights: How they are kept; `full` leaves them as they are.

    Raises:
        DeviceError: 4 bits are asked for, and the model is not in bfloat16 on an NVIDIA GPU.
        MissingExtraError: torchao is not installed.
    """
    if weights == "int8":
        to_int8(model)
    elif weights == "int4":
        to_int4(model)


def to_int8(model: nn.Module) -> None:
    """Round the weights of linear layers to 8 bits, in place; what they compute keeps its precision.

    Embeddings, convolutions, and the output layer, which often shares the embedding's weight, stay.

    Args:
        model: A `SpeechModel` without an adapter of its own.

    Raises:
        MissingExtraError: torchao is not installed.
    """
    with needing("int8"), quiet_loading():
        from torchao.quantization import Int8WeightOnlyConfig, quantize_
    chosen = _rounded(model)
    quantize_(model, Int8WeightOnlyConfig(), filter_fn=lambda module, _: module in chosen)


def to_int4(model: nn.Module) -> None:
    """Round the weights of linear layers to 4 bits, in place, for torch's own kernel (bfloat16, NVIDIA GPUs).

    What `to_int8` leaves stays here too.

    Args:
        model: A `SpeechModel` in bfloat16 on a GPU, without an adapter of its own.

    Raises:
        DeviceError: The model is elsewhere, or in another precision.
        MissingExtraError: torchao is not installed.
    """
    placed = cast("Any", model)
    if placed.device.type != "cuda" or placed.dtype != torch.bfloat16:
        raise DeviceError(
            "weights in 4 bits need an NVIDIA GPU and a model in bfloat16: use int8 here, or full weights"
        )
    with needing("int8"), quiet_loading():
        from torchao.quantization import Int4WeightOnlyConfig, quantize_
    # The annotation names an enumeration of strings that the package does not export.
    packing = cast("Any", "tile_packed_to_4d")
    config = Int4WeightOnlyConfig(group_size=_GROUP, int4_packing_format=packing)
    kept = {layer for layer in _rounded(model) if layer.in_features % _GROUP == 0}
    quantize_(model, config, filter_fn=lambda module, _: module in kept)


def _rounded(model: nn.Module) -> set[nn.Linear]:
    output = cast("Any", model).get_output_embeddings()
    return {module for module in model.modules() if type(module) is nn.Linear and module is not output}
