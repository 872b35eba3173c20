"""The parts that Whisper's graphs consist of, written with `onnx.helper`; the values of weights stay outside.

Every weight is an initialiser whose data are declared to be in another file, which does not exist: whoever
loads the graph gives the values by name (`onnx_session`). Most matrix products are ONNX Runtime's
`DynamicQuantizeMatMul`: the weight is int8 with a scale per output channel, and what it is multiplied with is
quantised as it comes, with one scale for all. What leaves the middle of a feed-forward part has a few large
values, beside which int8 would lose the others, and the scores would be 0.1 to 0.2 lower than in float32;
the product after it is float32.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import onnx
from onnx import TensorProto, helper

OPSET, IR_VERSION = 20, 9
"""What ONNX Runtime 1.20 reads."""
_CONTRIB = "com.microsoft"
FLOAT, INT8, INT64 = TensorProto.FLOAT, TensorProto.INT8, TensorProto.INT64


class GraphBuilder:
    """Nodes and weights of one graph; each method appends nodes and returns the name of their output."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[Any] = []
        self._weights: dict[str, Any] = {}
        self._constants: dict[str, Any] = {}
        self._counts: dict[str, int] = {}

    def op(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Append one node with one output."""
        (output,) = self.ops(kind, 1, *inputs, domain=domain, **attributes)
        return output

    def ops(self, kind: str, count: int, *inputs: str, domain: str = "", **attributes: Any) -> list[str]:
        """Append one node with several outputs."""
        self._counts[kind] = self._counts.get(kind, 0) + 1
        stem = f"{kind}_{self._counts[kind]}"
        outputs = [f"{stem}_{index}" if count > 1 else stem for index in range(count)]
        self._nodes.append(helper.make_node(kind, inputs, outputs, name=stem, domain=domain, **attributes))
        return outputs

    def name_output(self, value: str, name: str) -> None:
        """Give a value a name of its own."""
        self._nodes.append(helper.make_node("Identity", [value], [name], name=f"name_{name}"))

    def weight(self, name: str, *shape: int, kind: int = FLOAT) -> str:
        """Declare a weight whose values are given on loading."""
        tensor = TensorProto(name=name, dims=shape, data_type=kind, data_location=TensorProto.EXTERNAL)
        tensor.external_data.add(key="location", value="given-on-loading")
        self._weights[name] = tensor
        return name

    def integers(self, *values: int) -> str:
        """Return a constant vector."""
        name = "integers_" + "_".join(map(str, values))
        self._constants[name] = helper.make_tensor(name, INT64, [len(values)], values)
        return name

    def zero_point(self, name: str) -> str:
        """Return the integer that stands for 0 in a matrix, without which ONNX Runtime up to 1.28 errs.

        Each matrix has its own, because ONNX Runtime replaces it by a copy with the name of this one.
        """
        self._constants[name] = helper.make_tensor(name, INT8, [], [0])
        return name

    # ------------------------------------------------------------------------------------------- layers

    def linear(self, x: str, name: str, n_in: int, n_out: int, *, bias: bool = True) -> str:
        """Multiply (..., n_in) with an int8 matrix, and add a bias."""
        matrix = self.weight(f"{name}.weight", n_in, n_out, kind=INT8)
        scale = self.weight(f"{name}.scale", n_out)
        added = self.weight(f"{name}.bias", n_out) if bias else ""
        inputs = (x, matrix, scale, self.zero_point(f"{name}.zero_point"), added)
        return self.op("DynamicQuantizeMatMul", *inputs, domain=_CONTRIB)

    def exact_linear(self, x: str, name: str, n_in: int, n_out: int) -> str:
        """Multiply (..., n_in) with a float32 matrix, and add a bias."""
        product = self.op("MatMul", x, self.weight(f"{name}.weight", n_in, n_out))
        return self.op("Add", product, self.weight(f"{name}.bias", n_out))

    def norm(self, x: str, name: str, width: int) -> str:
        """Normalise the last dimension."""
        gain, shift = self.weight(f"{name}.weight", width), self.weight(f"{name}.bias", width)
        return self.op("LayerNormalization", x, gain, shift, axis=-1, epsilon=1e-5)

    def heads(self, x: str, heads: int, width: int) -> str:
        """Cut (B, T, heads * width) into heads: (B, heads, T, width)."""
        cut = self.op("Reshape", x, self.integers(0, 0, heads, width))
        return self.op("Transpose", cut, perm=[0, 2, 1, 3])

    def attend(self, query: str, turned_keys: str, values: str, mask: str | None, width: int) -> str:
        """Return what queries (B, H, T, d), scaled already, attend to, as (B, T, width).

        Args:
            query: The queries.
            turned_keys: (B or 1, H, d, S).
            values: (B or 1, H, S, d).
            mask: (B, 1, T, S) added to the logits; None where everything is seen.
            width: H * d.
        """
        logits = self.op("MatMul", query, turned_keys)
        if mask is not None:
            logits = self.op("Add", logits, mask)
        attended = self.op("MatMul", self.op("Softmax", logits, axis=-1), values)
        turned = self.op("Transpose", attended, perm=[0, 2, 1, 3])
        return self.op("Reshape", turned, self.integers(0, 0, width))

    def turn(self, keys: str) -> str:
        """Turn keys (B, H, S, d) into (B, H, d, S)."""
        return self.op("Transpose", keys, perm=[0, 1, 3, 2])

    def feed_forward(self, x: str, name: str, width: int, hidden: int) -> str:
        """Add the feed-forward part of a layer to (B, T, width)."""
        normed = self.norm(x, f"{name}.final_layer_norm", width)
        raised = self.op("Gelu", self.linear(normed, f"{name}.fc1", width, hidden))
        return self.op("Add", x, self.exact_linear(raised, f"{name}.fc2", hidden, width))

    # ------------------------------------------------------------------------------------------- result

    def build(
        self, inputs: Mapping[str, Sequence[int | str]], outputs: Mapping[str, Sequence[int | str]]
    ) -> bytes:
        """Return the graph as the bytes of an ONNX file; inputs and outputs are float32 of these shapes."""
        graph = helper.make_graph(
            self._nodes,
            self._name,
            [helper.make_tensor_value_info(name, FLOAT, shape) for name, shape in inputs.items()],
            [helper.make_tensor_value_info(name, FLOAT, shape) for name, shape in outputs.items()],
            initializer=[*self._weights.values(), *self._constants.values()],
        )
        versions = [helper.make_opsetid("", OPSET), helper.make_opsetid(_CONTRIB, 1)]
        model: onnx.ModelProto = helper.make_model(
            graph, opset_imports=versions, ir_version=IR_VERSION, producer_name="enunciate"
        )
        return model.SerializeToString(deterministic=True)
