"""From trained weights to the ONNX files that ship: half-precision storage, single-precision arithmetic."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from enunciate.conformer.fbank import N_MELS
from enunciate.conformer.features import N_PHONE_FEATURES, N_UTTERANCE_FEATURES
from enunciate.conformer.training.encoder import Encoder
from enunciate.conformer.training.recogniser import Recogniser
from enunciate.conformer.training.scorer import Ensemble

LEAST_HALVED = 256
"""Smaller tensors (norms, shapes) keep single precision."""


class _Running(nn.Module):
    """The encoder's outputs that running needs."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        out = self.encoder(features)
        return out.ctc, out.frame, out.quality


def export_encoder(model: Recogniser, path: Path) -> None:
    """Write the encoder: features (1, T, 80) -> ctc, frame (1, F, 40), quality (1, F, Q)."""
    frames = torch.export.Dim("frames", min=30, max=20_000)
    example = torch.randn(1, 400, N_MELS)
    export_module(
        _Running(model.encoder).eval(),
        (example,),
        path,
        ["features"],
        ["ctc", "frame", "quality"],
        ({1: frames},),
    )


def export_scorer(model: Ensemble, quality_width: int, path: Path) -> None:
    """Write the scorer; inputs and outputs as in `Ensemble.forward`."""
    phones = torch.export.Dim("phones", min=2, max=2_000)
    n = 7
    example = (
        torch.ones(1, n, dtype=torch.int64),
        torch.randn(1, n, N_PHONE_FEATURES),
        torch.randn(1, n, quality_width),
        torch.randn(1, N_UTTERANCE_FEATURES),
    )
    dims = ({1: phones}, {1: phones}, {1: phones}, None)
    names = ["classes", "phone", "quality", "utterance"]
    export_module(model.eval(), example, path, names, ["phone_scores", "wrong", "scores"], dims)


def export_module(
    model: nn.Module,
    example: tuple[Tensor, ...],
    path: Path,
    inputs: list[str],
    outputs: list[str],
    dims: Any,
) -> None:
    """Write a module in evaluation mode, its large weights halved.

    Args:
        model: Takes and gives tensors by place.
        example: Inputs of any length.
        path: The file; its folder is made.
        inputs: Their names.
        outputs: Names of what it gives.
        dims: For each input the axes whose length may differ, as `torch.export` has it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch about itself; nothing that a user could act on
        torch.onnx.export(  # pyright: ignore[reportUnknownMemberType]
            model,
            example,
            path,
            input_names=inputs,
            output_names=outputs,
            dynamic_shapes=dims,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    whole = onnx.load(path)  # pyright: ignore[reportUnknownMemberType]
    onnx.save(halve(whole), path)  # pyright: ignore[reportUnknownMemberType]


def halve(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store large weights as float16 behind a cast, which ONNX Runtime folds away when it loads the model."""
    graph = model.graph
    casts: list[onnx.NodeProto] = []
    for index, tensor in enumerate(graph.initializer):
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and values.size >= LEAST_HALVED:
            name = tensor.name
            graph.initializer[index].CopyFrom(
                numpy_helper.from_array(values.astype(np.float16), f"{name}.half")
            )
            casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    del graph.value_info[:]
    del graph.metadata_props[:]
    for node in graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    return model
