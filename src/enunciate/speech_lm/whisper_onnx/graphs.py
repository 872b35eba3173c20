"""Whisper as four graphs: encoder, cross-attention's keys and values, decoder with its cache, output layer.

The names of weights are those of transformers, with the matrices of one product in one: `self_attn.qkv`, and
`cross_attention`, which holds the keys and values of all layers of the decoder.
"""

from __future__ import annotations

from collections.abc import Callable

from enunciate.speech_lm.whisper_onnx.dimensions import Dimensions
from enunciate.speech_lm.whisper_onnx.graph_builder import GraphBuilder
from enunciate.speech_lm.whisper_onnx.value_names import cross_names, past_names, present_names


def encoder_graph(dims: Dimensions) -> bytes:
    """Return the encoder: `mel` (1, mels, T) to `states` (1, S, D), S = ceil(T / 2) frames of 20 ms."""
    g = GraphBuilder("encoder")
    d, name = dims.width, "model.encoder"
    x = "mel"
    for index, (n_in, stride) in enumerate(((dims.mels, 1), (d, 2)), 1):
        kernel = g.weight(f"{name}.conv{index}.weight", d, n_in, 3)
        bias = g.weight(f"{name}.conv{index}.bias", d)
        x = g.op("Gelu", g.op("Conv", x, kernel, bias, kernel_shape=[3], pads=[1, 1], strides=[stride]))
    x = g.op("Transpose", x, perm=[0, 2, 1])
    positions = g.weight(f"{name}.embed_positions.weight", dims.audio_positions, d)
    length = g.op("Shape", x, start=1, end=2)
    x = g.op("Add", x, g.op("Slice", positions, g.integers(0), length, g.integers(0)))
    for index in range(dims.encoder_layers):
        layer = f"{name}.layers.{index}"
        query, keys, values = _self_attention_inputs(g, x, layer, dims)
        attended = g.attend(query, g.turn(keys), values, None, d)
        x = g.op("Add", x, g.linear(attended, f"{layer}.self_attn.out_proj", d, d))
        x = g.feed_forward(x, layer, d, dims.hidden)
    g.name_output(g.norm(x, f"{name}.layer_norm", d), "states")
    return g.build({"mel": (1, dims.mels, "T")}, {"states": (1, "S", d)})


def cross_attention_graph(dims: Dimensions) -> bytes:
    """Return the keys and values of the audio.

    It maps `states` (1, S, D) to `cross_keys` (1, H, d, S) and `cross_values` (1, H, S, d) of each layer.
    """
    g = GraphBuilder("cross_attention")
    d, layers = dims.width, dims.decoder_layers
    both = g.linear("states", "cross_attention", d, 2 * layers * d)
    outputs: dict[str, tuple[int | str, ...]] = {}
    parts = g.ops("Split", 2 * layers, both, axis=2, num_outputs=2 * layers)
    for index, (keys, values) in enumerate(zip(parts[::2], parts[1::2], strict=True)):
        key_name, value_name = cross_names(index)
        g.name_output(g.turn(g.heads(keys, dims.heads, dims.head_width)), key_name)
        g.name_output(g.heads(values, dims.heads, dims.head_width), value_name)
        outputs |= _cross_shapes(index, dims)
    return g.build({"states": (1, "S", d)}, outputs)


def decoder_graph(dims: Dimensions) -> bytes:
    """Return the decoder, which appends T tokens to B sequences.

    Inputs: `tokens` (B, T, D), embeddings with positions; `mask` (B, 1, T, P + T), which is added to the
    logits of self-attention; for each layer `cross_keys` and `cross_values` as the other graph gives them,
    and `past_keys` and `past_values` (B, H, P, d). Outputs: `hidden` (B, T, D), and the keys and values of
    all P + T tokens.
    """
    g = GraphBuilder("decoder")
    d, heads, head_width = dims.width, dims.heads, dims.head_width
    inputs: dict[str, tuple[int | str, ...]] = {"tokens": ("B", "T", d), "mask": ("B", 1, "T", "P+T")}
    outputs: dict[str, tuple[int | str, ...]] = {"hidden": ("B", "T", d)}
    x = "tokens"
    for index in range(dims.decoder_layers):
        layer = f"model.decoder.layers.{index}"
        query, keys, values = _self_attention_inputs(g, x, layer, dims)
        cache: list[str] = []
        for new, past, all_of_them in zip(
            (keys, values), past_names(index), present_names(index), strict=True
        ):
            g.name_output(g.op("Concat", past, new, axis=2), all_of_them)
            inputs[past] = ("B", heads, "P", head_width)
            outputs[all_of_them] = ("B", heads, "P+T", head_width)
            cache.append(all_of_them)
        attended = g.attend(query, g.turn(cache[0]), cache[1], "mask", d)
        x = g.op("Add", x, g.linear(attended, f"{layer}.self_attn.out_proj", d, d))

        normed = g.norm(x, f"{layer}.encoder_attn_layer_norm", d)
        query = g.heads(g.linear(normed, f"{layer}.encoder_attn.q_proj", d, d), heads, head_width)
        attended = g.attend(query, *cross_names(index), None, d)
        x = g.op("Add", x, g.linear(attended, f"{layer}.encoder_attn.out_proj", d, d))
        x = g.feed_forward(x, layer, d, dims.hidden)
        inputs |= _cross_shapes(index, dims)
    g.name_output(g.norm(x, "model.decoder.layer_norm", d), "hidden")
    return g.build(inputs, outputs)


def output_graph(dims: Dimensions) -> bytes:
    """Return the output layer: `hidden` (B, D) to `logits` (B, V)."""
    g = GraphBuilder("output")
    g.name_output(g.linear("hidden", "proj_out", dims.width, dims.vocabulary, bias=False), "logits")
    return g.build({"hidden": ("B", dims.width)}, {"logits": ("B", dims.vocabulary)})


def _self_attention_inputs(g: GraphBuilder, x: str, layer: str, dims: Dimensions) -> list[str]:
    """Queries, keys and values (B, H, T, d) of a layer's self-attention."""
    d = dims.width
    normed = g.norm(x, f"{layer}.self_attn_layer_norm", d)
    joined = g.heads(g.linear(normed, f"{layer}.self_attn.qkv", d, 3 * d), 3 * dims.heads, dims.head_width)
    return g.ops("Split", 3, joined, axis=1, num_outputs=3)


def _cross_shapes(layer: int, dims: Dimensions) -> dict[str, tuple[int | str, ...]]:
    keys, values = cross_names(layer)
    heads, head_width = dims.heads, dims.head_width
    return {keys: (1, heads, head_width, "S"), values: (1, heads, "S", head_width)}


GRAPHS: dict[str, Callable[[Dimensions], bytes]] = {
    "encoder": encoder_graph,
    "cross_attention": cross_attention_graph,
    "decoder": decoder_graph,
    "output": output_graph,
}
"""The four by name."""
