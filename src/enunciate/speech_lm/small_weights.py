"""Weights of a model in 8 or 4 bits: scales for each output, chosen from the weights alone (torchao)."""

# The library's annotations leave many types open.
# pyright: reportUnknownVariableType=false, reportMissingTypeStubs=false

from __future__ import annotations

from typing import Any, cast

from torch import nn

from enunciate.errors import needing
from enunciate.huggingface import quiet_loading

_GROUP = 128
"""Inputs that share a scale in 4 bits; layers whose inputs are no multiple of it keep their weights."""


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
        MissingExtraError: torchao is not installed.
    """
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
