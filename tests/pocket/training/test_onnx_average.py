"""Files of one network are averaged weight by weight."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from enunciate.errors import EnunciateError
from enunciate.pocket.training.onnx_average import average_onnx


def write(path, bias, matrix, scale, operation="Add"):
    """Write x @ (matrix * scale) + bias, whose matrix has 8 bits."""
    nodes = [
        helper.make_node("DequantizeLinear", ["w_quantized", "w_scale", "w_zero_point"], ["w"], axis=1),
        helper.make_node("MatMul", ["x", "w"], ["y"]),
        helper.make_node(operation, ["y", "bias"], ["z"]),
    ]
    values = {
        "w_quantized": np.array(matrix, np.int8),
        "w_scale": np.array(scale, np.float32),
        "w_zero_point": np.zeros(len(scale), np.int8),
        "bias": np.array(bias, np.float32),
        "places": np.array([1, 2], np.int64),
    }
    tensors = [numpy_helper.from_array(value, name) for name, value in values.items()]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2])
    z = helper.make_tensor_value_info("z", TensorProto.FLOAT, [1, 2])
    onnx.save(helper.make_model(helper.make_graph(nodes, "g", [x], [z], tensors)), path)
    return path


def read(path):
    return {one.name: numpy_helper.to_array(one) for one in onnx.load(path).graph.initializer}


def test_weights_are_averaged_by_their_shares_and_8_bit_ones_rounded_anew(tmp_path):
    one = write(tmp_path / "a.onnx", [1.0, 2.0], [[100, 10], [-127, 127]], [0.01, 0.1])
    other = write(tmp_path / "b.onnx", [5.0, 2.0], [[127, -127], [0, 0]], [0.02, 0.1])

    average_onnx([one, other], [0.75, 0.25], tmp_path / "mean.onnx")

    mean = read(tmp_path / "mean.onnx")
    np.testing.assert_allclose(mean["bias"], [2.0, 2.0])
    np.testing.assert_array_equal(mean["places"], [1, 2])
    exact = np.array([[0.75 * 1.0 + 0.25 * 2.54, 0.75 * 1.0 - 0.25 * 12.7], [0.75 * -1.27, 0.75 * 12.7]])
    np.testing.assert_allclose(mean["w_quantized"] * mean["w_scale"], exact, atol=mean["w_scale"].max() / 2)
    assert mean["w_quantized"].dtype == np.int8 and np.abs(mean["w_quantized"]).max(0).tolist() == [127, 127]


def test_the_mean_of_a_file_with_itself_is_the_file(tmp_path):
    one = write(tmp_path / "a.onnx", [1.0, 2.0], [[127, 10], [-7, 127]], [0.01, 0.1])

    average_onnx([one, one], [0.5, 0.5], tmp_path / "mean.onnx")

    before, after = read(one), read(tmp_path / "mean.onnx")
    for name, value in before.items():
        np.testing.assert_allclose(after[name], value, rtol=1e-6)


@pytest.mark.parametrize(
    "other", [([1.0], [[1], [1]], [1.0]), ([1.0, 2.0], [[1, 1], [1, 1]], [1.0, 1.0], "Mul")]
)
def test_files_of_different_networks_are_refused(tmp_path, other):
    one = write(tmp_path / "a.onnx", [1.0, 2.0], [[1, 1], [1, 1]], [1.0, 1.0])
    with pytest.raises(EnunciateError, match=r"b\.onnx is not of the same network"):
        average_onnx([one, write(tmp_path / "b.onnx", *other)], [0.5, 0.5], tmp_path / "mean.onnx")
