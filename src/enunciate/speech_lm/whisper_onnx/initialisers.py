"""From Whisper's weights to the values that the graphs take: joined and, most of them, in int8."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from enunciate.speech_lm.whisper_onnx.dimensions import Dimensions
from enunciate.whisper_weights.ctranslate2 import Arrays

Floats = npt.NDArray[np.float32]
Weights = Mapping[str, npt.NDArray[np.generic]]
_ROWS = 4096
"""Rows that are rounded at a time, to save memory."""
EMBEDDINGS = "model.decoder.embed_tokens.weight"


def encoder_initialisers(weights: Weights, dims: Dimensions) -> Arrays:
    """Return the values of the encoder's weights by name.

    The queries' weights, here and in the decoder, are multiplied by d^-0.5, the scale of attention.

    Args:
        weights: Under the names of transformers, of any floating type.
        dims: Their dimensions.
    """
    name = "model.encoder"
    positions = f"{name}.embed_positions.weight"
    values = {positions: _float(weights[positions])}
    for index in range(dims.encoder_layers):
        values |= _layer(weights, f"{name}.layers.{index}", dims)
    for module in ("conv1", "conv2", "layer_norm"):
        values |= _plain(weights, f"{name}.{module}")
    return values


def cross_attention_initialisers(weights: Weights, dims: Dimensions) -> Arrays:
    """Return the values of the matrix that gives all layers' keys and values of the audio."""
    projections = [
        f"model.decoder.layers.{index}.encoder_attn.{part}_proj"
        for index in range(dims.decoder_layers)
        for part in "kv"
    ]
    return _quantised("cross_attention", *_joined(weights, projections, {}))


def decoder_initialisers(weights: Weights, dims: Dimensions) -> Arrays:
    """Return the values of the decoder's weights by name."""
    values = _plain(weights, "model.decoder.layer_norm")
    for index in range(dims.decoder_layers):
        values |= _layer(weights, f"model.decoder.layers.{index}", dims)
    return values


def output_initialisers(weights: Weights) -> Arrays:
    """Return the values of the output layer's weights, which are the embeddings."""
    integers, scale = quantise(_float(weights[EMBEDDINGS]))
    return {"proj_out.weight": integers, "proj_out.scale": scale}


def quantise(matrix: Floats) -> tuple[npt.NDArray[np.int8], Floats]:
    """Return a matrix (n_out, n_in) as int8 (n_in, n_out), and the scale (n_out,) of each output."""
    scale = (np.maximum(np.maximum(matrix.max(axis=1), -matrix.min(axis=1)), 1e-12) / 127).astype(np.float32)
    integers = np.empty(matrix.shape[::-1], np.int8)
    for start in range(0, len(matrix), _ROWS):
        rows = slice(start, start + _ROWS)
        integers[:, rows] = np.rint(matrix[rows] / scale[rows, None]).T
    return integers, scale


def _layer(weights: Weights, layer: str, dims: Dimensions) -> Arrays:
    shrink = dims.head_width**-0.5
    query = f"{layer}.self_attn.q_proj"
    own = [query, f"{layer}.self_attn.k_proj", f"{layer}.self_attn.v_proj"]
    values = _quantised(f"{layer}.self_attn.qkv", *_joined(weights, own, {query: shrink}))
    values |= _exact(weights, f"{layer}.fc2")
    linear = [f"{layer}.self_attn.out_proj", f"{layer}.fc1"]
    norms = [f"{layer}.self_attn_layer_norm", f"{layer}.final_layer_norm"]
    if ".decoder." in layer:
        linear += [f"{layer}.encoder_attn.q_proj", f"{layer}.encoder_attn.out_proj"]
        norms.append(f"{layer}.encoder_attn_layer_norm")
    for name in linear:
        factor = shrink if name.endswith("q_proj") else 1.0
        values |= _quantised(name, *_joined(weights, [name], {name: factor}))
    for name in norms:
        values |= _plain(weights, name)
    return values


def _joined(weights: Weights, names: Iterable[str], factors: Mapping[str, float]) -> tuple[Floats, Floats]:
    """Matrices and biases of linear layers, one under the other; a layer without bias gets zeros."""
    matrices: list[Floats] = []
    biases: list[Floats] = []
    for name in names:
        factor = np.float32(factors.get(name, 1.0))
        matrix = _float(weights[f"{name}.weight"])
        bias = weights.get(f"{name}.bias")
        matrices.append(matrix * factor)
        biases.append(np.zeros(len(matrix), np.float32) if bias is None else _float(bias) * factor)
    return np.concatenate(matrices), np.concatenate(biases)


def _quantised(name: str, matrix: Floats, bias: Floats) -> Arrays:
    integers, scale = quantise(matrix)
    return {f"{name}.weight": integers, f"{name}.scale": scale, f"{name}.bias": bias}


def _exact(weights: Weights, name: str) -> Arrays:
    """A linear layer that stays float32, its matrix as (n_in, n_out)."""
    matrix = np.ascontiguousarray(_float(weights[f"{name}.weight"]).T)
    return {f"{name}.weight": matrix, f"{name}.bias": _float(weights[f"{name}.bias"])}


def _plain(weights: Weights, name: str) -> Arrays:
    return {f"{name}.{part}": _float(weights[f"{name}.{part}"]) for part in ("weight", "bias")}


def _float(values: npt.NDArray[np.generic]) -> Floats:
    return np.ascontiguousarray(values, dtype=np.float32)
