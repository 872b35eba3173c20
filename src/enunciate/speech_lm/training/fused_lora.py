"""LoRA in as few matrix products as it needs: the frozen weight and B stand side by side in one matrix.

A linear layer with LoRA computes W x + s B A x. Here it computes [W | B] [x ; s A x], in one product in place
of two and a sum: the outputs, which are many times as wide as the rank, are written once and not three
times. Its gradient by x and by A x is one product as well. W and the working copy of B are views of the one
matrix, so that it takes no memory of its own.
"""

# The libraries' annotations leave many types open.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import copy
from typing import Any, cast

import torch
from peft.tuners.lora.layer import Linear as LoraLinear
from torch import Tensor, nn
from torch.nn.functional import linear

_ADAPTER = "default"


def fuse_lora(model: nn.Module) -> dict[str, Tensor]:
    """Put the frozen weights of all layers with LoRA into matrices with room for B, in place.

    Args:
        model: A model with an adapter that has no bias, and no variant such as DoRA.

    Returns:
        The room for each B (out, rank), by the names of the model's parameters, in the precision of the
        frozen weights: what B is in training has to be kept there (`WorkingCopies`).
    """
    room: dict[str, Tensor] = {}
    for name, module in model.named_modules():
        if type(module) is LoraLinear:
            module.__class__ = FusedLinear
            room[f"{name}.lora_B.{_ADAPTER}.weight"] = cast("FusedLinear", module).make_room()
    return room


class FusedLinear(LoraLinear):
    """PEFT's linear layer, which in training computes with one matrix; in evaluation it is as it was."""

    joined: Tensor
    """(out, in + rank): the frozen weight, and B."""

    def make_room(self) -> Tensor:
        """Move the frozen weight, and return the room for B beside it."""
        frozen = cast("nn.Linear", self.get_base_layer()).weight
        outer = cast("nn.Linear", self.lora_B[_ADAPTER]).weight.detach()
        self.register_buffer("joined", torch.cat((frozen.detach(), outer.to(frozen.dtype)), 1), False)
        frozen.data = self.joined[:, : frozen.shape[1]]
        return self.joined[:, frozen.shape[1] :]

    def forward(self, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        """Compute the layer for inputs (..., in)."""
        if not self.training:
            return cast("Tensor", super().forward(x, *args, **kwargs))
        x = x.to(self.joined.dtype)
        inner = self.lora_A[_ADAPTER](self.lora_dropout[_ADAPTER](x))
        outer, scale = cast("nn.Linear", self.lora_B[_ADAPTER]).weight, self.scaling[_ADAPTER]
        result = cast("Tensor", _JoinedProduct.apply(x, inner, self.joined, outer, scale))
        bias = cast("nn.Linear", self.get_base_layer()).bias
        return result if bias is None else result + bias

    def __deepcopy__(self, memo: dict[int, Any]) -> LoraLinear:
        """Return a copy of PEFT's class with weights of its own."""
        plain = LoraLinear.__new__(LoraLinear)
        memo[id(self)] = plain
        state = self.__dict__ | {"_buffers": {k: v for k, v in self._buffers.items() if k != "joined"}}
        plain.__dict__.update(copy.deepcopy(state, memo))
        return plain


class _JoinedProduct(torch.autograd.Function):
    """[W | B] [x ; s A x], where W has no gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, inner: Tensor, joined: Tensor, outer: Tensor, scale: float) -> Tensor:
        """Return (..., out) of x (..., in) and A x (..., rank); `outer`, B itself, only gets its gradient."""
        del outer
        # What is kept is not scaled: compiled, it would else be a part of the whole input, kept with it.
        ctx.save_for_backward(inner, joined)
        ctx.scale = scale
        return linear(torch.cat((x, inner * scale), -1), joined)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None, Tensor, None]:
        """Return the gradients of x, A x and B."""
        (gradient,) = gradients
        inner, joined = cast("tuple[Tensor, Tensor]", ctx.saved_tensors)
        both = gradient @ joined
        width = joined.shape[1] - inner.shape[-1]
        outer = gradient.flatten(0, -2).T @ inner.flatten(0, -2)
        return both[..., :width], both[..., width:] * ctx.scale, None, outer * ctx.scale, None
