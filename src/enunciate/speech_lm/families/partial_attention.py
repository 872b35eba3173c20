"""Attention to some of the keys, which can be merged with attention to the others.

Softmax over all keys is a mean of the softmaxes over parts of them, weighted by the parts' sums of
exponentials. So keys that many sequences share can be attended to as one matrix product, without a copy for
each sequence. torch's public attention does not return the sums; the operators beneath it do.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor

Part = tuple[Tensor, Tensor]
"""What queries read (..., D), and the logarithms of their sums of exponentials (...), in float32."""

_aten: Any = torch.ops.aten


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, scaling: float | None) -> Part:
    """Attend to the keys of one part.

    Args:
        query: (B, H, L, D)
        key: (B, G, S, D), where H is a multiple of G.
        value: Like `key`.
        mask: (B, 1, L, S), true where a query attends to a key, which each must to one at least; S is then a
            multiple of 8 on a GPU. None for all.
        scaling: Factor of the dot products; None for 1 / sqrt(D).

    Returns:
        (B, H, L, D), and (B, H, L).
    """
    bias = None
    is_flash = query.device.type != "cpu" and mask is None and query.dtype in (torch.bfloat16, torch.float16)
    each = query.shape[1] // key.shape[1]
    if each > 1 and not is_flash:  # flash attention knows groups
        key, value = key.repeat_interleave(each, dim=1), value.repeat_interleave(each, dim=1)
    if mask is not None:
        zero = torch.zeros((), dtype=query.dtype, device=query.device)
        bias = torch.where(mask, zero, -torch.inf).expand(-1, query.shape[1], -1, -1)
    if query.device.type == "cpu":
        found = _aten._scaled_dot_product_flash_attention_for_cpu(
            query, key, value, 0.0, False, attn_mask=bias, scale=scaling
        )
    elif is_flash:
        found = _aten._scaled_dot_product_flash_attention(query, key, value, 0.0, False, False, scale=scaling)
    else:
        found = _aten._scaled_dot_product_efficient_attention(
            query, key, value, bias, True, 0.0, False, scale=scaling
        )
    read, sums = cast("Part", found[:2])
    return read, sums[..., : query.shape[2]]  # one of the operators rounds their number up


def merged(one: Part, other: Part) -> Tensor:
    """Return what queries read from two parts together, (..., D)."""
    (read, sums), (other_read, other_sums) = one, other
    share = (other_sums - sums).sigmoid().unsqueeze(-1)
    return torch.lerp(read.float(), other_read.float(), share).to(read.dtype)
