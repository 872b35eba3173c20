"""Grouped-query attention with a mask, without copies of keys and values.

Grouped-query attention (Ainslie et al., 2023) has fewer heads of keys and values than of queries. With a
mask, transformers repeats keys and values for `sdpa`. Here the queries of a group are concatenated along
the length of one head instead, with the same result. This saves most of the memory traffic of passes over
cached keys and values.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from transformers.integrations.sdpa_attention import sdpa_attention_forward  # pyright: ignore[reportUnknownVariableType]
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask  # pyright: ignore[reportUnknownVariableType]
from transformers.modeling_utils import AttentionInterface

GROUPED = "grouped_sdpa"
"""The name under which it is registered with transformers."""


def grouped_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **rest: Any,
) -> tuple[Tensor, None]:
    """Attend as transformers' `sdpa` does.

    Args:
        module: The layer's attention.
        query: (B, H, L, D)
        key: (B, G, S, D), where H is a multiple of G.
        value: Like `key`.
        attention_mask: (B, 1, L, S), true where a query attends to a key. Without a mask, or with one for
            each head (as in encoders that share the setting), this is `sdpa`.
        dropout: Probability of dropping a weight.
        scaling: Factor of the dot products; None for 1 / sqrt(D).
        rest: Further arguments of `sdpa`.

    Returns:
        (B, L, H, D), and None in the place of the weights.
    """
    if attention_mask is None or attention_mask.shape[1] > 1:
        return sdpa_attention_forward(module, query, key, value, attention_mask, dropout, scaling, **rest)
    batch, heads, length, size = query.shape
    groups = key.shape[1]
    each = heads // groups
    packed = query.reshape(batch, groups, each * length, size)
    mask = attention_mask.expand(batch, each, length, -1).reshape(batch, 1, each * length, -1)
    out = scaled_dot_product_attention(packed, key, value, mask, dropout, scale=scaling)
    return out.reshape(batch, heads, length, -1).transpose(1, 2).contiguous(), None


def use_grouped_attention(decoder: Any) -> None:
    """Set a decoder of transformers whose attention is `sdpa` to this attention, in place."""
    AttentionInterface.register(GROUPED, grouped_attention)
    AttentionMaskInterface.register(GROUPED, sdpa_mask)
    decoder.config._attn_implementation = GROUPED
