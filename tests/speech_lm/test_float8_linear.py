"""A linear layer in 8-bit floating point computes what its rounded weights and inputs give, in its place."""

import pytest
import torch
from torch import nn

from enunciate.speech_lm.float8_linear import Float8Linear, can_be_float8, rounded, runs_float8

ROUNDING = 2**-4
"""The most that rounding moves a number, relative to it: E4M3 has three bits after the first."""


def test_a_row_keeps_its_largest_number_and_others_nearly():
    rows = (
        torch.randn(5, 64, generator=torch.Generator().manual_seed(0))
        * torch.tensor([[1e-3, 1, 50, 1e4, 0]]).T
    )
    values, scales = rounded(rows)
    found = values.float() * scales
    largest = rows.abs().argmax(dim=1, keepdim=True)

    assert values.element_size() == 1
    torch.testing.assert_close(found.gather(1, largest), rows.gather(1, largest))
    assert ((found - rows).abs() <= rows.abs() * ROUNDING + scales * 2**-9).all()


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_outputs_are_those_of_rounded_weights_and_inputs(bias, dtype):
    torch.manual_seed(0)
    linear, inputs = nn.Linear(64, 96, bias=bias).to(dtype), torch.randn(2, 5, 64).to(dtype)
    (weights, of_weights), (rows, of_rows) = rounded(linear.weight.detach()), rounded(inputs.view(-1, 64))
    expected = (rows.float() * of_rows) @ (weights.float() * of_weights).T + (
        linear.bias.float() if bias else 0
    )
    found = Float8Linear(linear)(inputs)

    assert found.dtype == dtype and found.shape == (2, 5, 96)
    torch.testing.assert_close(found.float().view(-1, 96), expected, rtol=0.01, atol=0.02)


def test_only_linear_layers_of_fitting_sizes_can_be_rounded():
    assert can_be_float8(nn.Linear(16, 32))
    assert not any(map(can_be_float8, (nn.Linear(16, 33), nn.Linear(17, 32), nn.Identity())))


@pytest.mark.parametrize(("capability", "runs"), [((8, 0), False), ((8, 9), True), ((9, 0), True)])
def test_recent_gpus_multiply_it(capability, runs, monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    assert runs_float8(torch.device("cuda")) == runs
    assert not runs_float8(torch.device("cpu"))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("compiled", [False, True])
def test_a_gpu_computes_what_a_cpu_does(compiled):
    if not runs_float8(torch.device("cuda")):
        pytest.skip("an older GPU")
    torch.manual_seed(0)
    layer = Float8Linear(nn.Linear(256, 512, bias=False).to(torch.bfloat16))
    inputs = torch.randn(3, 7, 256).to(torch.bfloat16)
    expected = layer(inputs)
    layer = layer.to("cuda")
    call = torch.compile(layer, dynamic=True) if compiled else layer
    with torch.inference_mode():
        torch.testing.assert_close(call(inputs.to("cuda")).cpu(), expected, rtol=0.02, atol=0.02)
