"""Attention with a mask in which several heads of queries share keys and values, without copies of those.

Grouped-query attention (Ainslie et al., 2023) has fewer heads of keys and values than of queries. With a mask
transformers repeats keys and values for `sdpa`; here the queries of a group stand one after the other in one
head instead, which is the same sum. In passes over stored keys and values that saves most of the traffic.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from transformers.integrations.sdpa_attention import sdpa_attention_forward  # pyright: ignore[reportUnknownVariableType]
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask  # pyright: ignore[reportUnknownVariableType]
from transformers.modeling_utils import AttentionInterface

GROUPED = "grouped_sdpa"
"""The name under which transformers finds it."""


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
        attention_mask: (B, 1, L, S), true where a query sees a key. Without one, or with one for each head
            (which encoders have that share the setting), this is `sdpa`.
        dropout: Probability of dropping a weight.
        scaling: Factor of the products; None for one over the root of D.
        rest: What `sdpa` takes besides.

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
    """Let a decoder of transformers whose attention is `sdpa` attend in this way, in place."""
    AttentionInterface.register(GROUPED, grouped_attention)
    AttentionMaskInterface.register(GROUPED, sdpa_mask)
    decoder.config._attn_implementation = GROUPED
