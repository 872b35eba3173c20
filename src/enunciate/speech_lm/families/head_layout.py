"""The order of heads in grouped attention: by group while queries attend, by position before and after.

What the queries of a group have read lies group by group. A layer needs it position by position, all heads
together. Where shapes are dynamic, torch's compiler makes code of this change of order that is several times
slower than the attention itself (docs/speed.md), so on a GPU it is a kernel in Triton, a program for each
position.
"""

# ruff: noqa: ANN001, ANN202

# Triton comes with torch on the platforms that have it.
# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false, reportMissingParameterType=false
# pyright: reportUntypedFunctionDecorator=false

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

try:
    import triton
    import triton.language as tl
except ImportError:
    triton = None

Part = tuple[Tensor, Tensor]
"""What queries read (..., D), and the logarithms of their sums of exponentials (...), in float32."""


def by_position(packed: Tensor, each: int) -> Tensor:
    """Return (B, L, H, D) of what heads have read group by group.

    Args:
        packed: (B, G, H / G x L, D), the queries of the heads of a group in turn.
        each: H / G, the heads of a group.
    """
    if _has_kernel(packed):
        return _launch(packed, None, None, each)
    return _unpacked(packed, each).contiguous()


def merged_by_position(own: Part, shared: Part, each: int) -> Tensor:
    """Return (B, L, H, D) of what heads have read from two parts of the keys together.

    Softmax over all keys is a mean of the softmaxes over the parts, weighted by their sums of exponentials.

    Args:
        own: (B, G, H / G x L, D) and (B, G, H / G x L), as in `by_position`.
        shared: (B, L, H, D) and (B, L, H), position by position.
        each: H / G, the heads of a group.
    """
    if _has_kernel(own[0]):
        return _launch(own[0], own[1], shared, each)
    read, sums = _unpacked(own[0], each), _unpacked(own[1].unsqueeze(-1), each).squeeze(-1)
    share = (shared[1] - sums).sigmoid().unsqueeze(-1)
    return torch.lerp(read.float(), shared[0].float(), share).to(read.dtype)


def _unpacked(packed: Tensor, each: int) -> Tensor:
    heads = packed.unflatten(2, (each, -1))
    return heads.permute(0, 3, 1, 2, 4).flatten(2, 3)


def _has_kernel(packed: Tensor) -> bool:
    size = packed.shape[-1]
    fits = packed.device.type == "cuda" and size & (size - 1) == 0
    return triton is not None and fits and not packed.requires_grad  # the kernel has no backward pass


def _launch(packed: Tensor, sums: Tensor | None, shared: Part | None, each: int) -> Tensor:
    batch, groups, rows, size = packed.shape
    length, heads = rows // each, groups * each
    out = torch.empty(batch, length, heads, size, dtype=packed.dtype, device=packed.device)
    other, other_sums = (out, out) if shared is None else shared
    own_sums = out if sums is None else sums
    kernel: Any = _to_positions
    kernel[(batch, length)](
        packed,
        own_sums,
        other,
        other_sums,
        out,
        length,
        *packed.stride()[:3],
        *own_sums.stride()[:3],
        *other.stride()[:3],
        *other_sums.stride()[:3],
        heads=heads,
        each=each,
        size=size,
        padded_heads=1 << (heads - 1).bit_length(),
        merges=shared is not None,
    )
    return out


if triton is not None:

    @triton.jit
    def _to_positions(
        packed,
        sums,
        other,
        other_sums,
        out,
        length,
        packed_row,
        packed_group,
        packed_query,
        sums_row,
        sums_group,
        sums_query,
        other_row,
        other_position,
        other_head,
        other_sums_row,
        other_sums_position,
        other_sums_head,
        heads: tl.constexpr,
        each: tl.constexpr,
        size: tl.constexpr,
        padded_heads: tl.constexpr,
        merges: tl.constexpr,
    ):
        row = tl.program_id(0).to(tl.int64)
        position = tl.program_id(1)
        head = tl.arange(0, padded_heads)
        there = head < heads
        group = head // each
        query = (head % each) * length + position
        inside = tl.arange(0, size)[None, :]
        start = row * packed_row + group * packed_group + query * packed_query
        read = tl.load(packed + start[:, None] + inside, mask=there[:, None], other=0.0)
        if merges:
            own = tl.load(
                sums + row * sums_row + group * sums_group + query * sums_query, mask=there, other=0.0
            )
            start = row * other_sums_row + position * other_sums_position + head * other_sums_head
            share = 1 / (1 + tl.exp(own - tl.load(other_sums + start, mask=there, other=0.0)))
            start = row * other_row + position * other_position + head * other_head
            second = tl.load(other + start[:, None] + inside, mask=there[:, None], other=0.0).to(tl.float32)
            first = read.to(tl.float32)
            read = (first + (second - first) * share[:, None]).to(out.dtype.element_ty)
        start = (row * length + position) * heads + head
        tl.store(out + start[:, None] * size + inside, read, mask=there[:, None])
