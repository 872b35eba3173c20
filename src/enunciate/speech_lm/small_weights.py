"""Weights of a model in 8 bits: one scale for each output, chosen from the weights alone (torchao)."""

# The library's annotations leave many types open.
# pyright: reportUnknownVariableType=false, reportMissingTypeStubs=false

from __future__ import annotations

from typing import Any, cast

from torch import nn

from enunciate.errors import needing
from enunciate.huggingface import quiet_loading


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
    output = cast("Any", model).get_output_embeddings()

    def is_rounded(module: nn.Module, _: str) -> bool:
        return type(module) is nn.Linear and module is not output

    quantize_(model, Int8WeightOnlyConfig(), filter_fn=is_rounded)
