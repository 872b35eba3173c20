"""Products of 8-bit matrices are exact on every processor: sums of large integers do not overflow."""

import numpy as np
import pytest

pytest.importorskip("onnx")

from onnx import TensorProto, helper, numpy_helper

from enunciate.onnx_session import Session
from enunciate.speech_lm.whisper_onnx.graph_builder import GraphBuilder

WIDTH, OUTPUTS = 512, 8
MATRIX = np.full((WIDTH, OUTPUTS), 127, np.int8)


def test_products_of_integers_are_exact():
    node = helper.make_node("MatMulInteger", ["x", "matrix", "zero", "zero_of_matrix"], ["product"])
    graph = helper.make_graph(
        [node],
        "product",
        [helper.make_tensor_value_info("x", TensorProto.UINT8, ["rows", WIDTH])],
        [helper.make_tensor_value_info("product", TensorProto.INT32, ["rows", OUTPUTS])],
        [
            numpy_helper.from_array(MATRIX, "matrix"),
            numpy_helper.from_array(np.array(128, np.uint8), "zero"),
            numpy_helper.from_array(np.zeros(OUTPUTS, np.int8), "zero_of_matrix"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    values = np.array([0, 127, 128, 130, 255])

    (product,) = Session(model.SerializeToString(), 1).run(
        {"x": np.repeat(values[:, None], WIDTH, axis=1).astype(np.uint8)}
    )

    assert product[:, 0].tolist() == ((values - 128) * 127 * WIDTH).tolist()


def test_products_of_values_that_are_rounded_as_they_come_are_exact():
    builder = GraphBuilder("product")
    builder.name_output(builder.linear("x", "layer", WIDTH, OUTPUTS, bias=False), "product")
    model = builder.build({"x": [1, WIDTH]}, {"product": [1, OUTPUTS]})
    values = np.linspace(-1, 3, WIDTH, dtype=np.float32)

    weights = {"layer.weight": MATRIX, "layer.scale": np.ones(OUTPUTS, np.float32)}
    (product,) = Session(model, 1, weights).run({"x": values[None]})

    assert product[0] == pytest.approx(127 * values.sum(), rel=1e-3)
