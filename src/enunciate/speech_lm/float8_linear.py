"""A linear layer that multiplies in 8-bit floating point (E4M3), twice as fast as bfloat16 on recent GPUs."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn

_FORMAT = torch.float8_e4m3fn
_LARGEST = torch.finfo(_FORMAT).max
_SMALLEST_SCALE = 1e-12
_aten: Any = torch.ops.aten
_MULTIPLE = 16
"""What GPUs ask the numbers of inputs and outputs to be multiples of."""


def rounded(values: Tensor) -> tuple[Tensor, Tensor]:
    """Return rows (N, K) in 8 bits, and what each row is to be multiplied with again, (N, 1) in float32."""
    exact = values.float()
    scale = (exact.abs().amax(dim=1, keepdim=True) / _LARGEST).clamp(min=_SMALLEST_SCALE)
    return (exact / scale).to(_FORMAT), scale


class Float8Linear(nn.Module):
    """Rounds its weights once, with a scale for each output, and its inputs with one for each position."""

    weight: Tensor
    scale: Tensor

    def __init__(self, linear: nn.Linear) -> None:
        """Round the weights of a layer that `can_be_float8`."""
        super().__init__()
        weight, scale = rounded(linear.weight.detach())
        self.register_buffer("weight", weight)
        self.register_buffer("scale", scale)
        self.bias = cast("nn.Parameter | None", linear.bias)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return outputs (..., N) of inputs (..., K), in the precision of the inputs."""
        rows, scale = rounded(inputs.reshape(-1, inputs.shape[-1]))
        out = _aten._scaled_mm(
            rows,
            self.weight.t(),
            scale_a=scale,
            scale_b=self.scale.t(),
            out_dtype=torch.bfloat16,  # the only one that GPUs have for scales of rows
            use_fast_accum=True,
        )
        out = out.to(inputs.dtype).view(*inputs.shape[:-1], -1)
        return out if self.bias is None else out + self.bias


def can_be_float8(layer: nn.Module) -> bool:
    """Whether a layer is linear, and of a size that can be multiplied so."""
    return type(layer) is nn.Linear and not any(size % _MULTIPLE for size in layer.weight.shape)


def runs_float8(device: torch.device) -> bool:
    """Whether a device multiplies 8-bit floating point: NVIDIA's of compute capability 8.9 and higher."""
    return device.type == "cuda" and torch.cuda.get_device_capability(device) >= (8, 9)
