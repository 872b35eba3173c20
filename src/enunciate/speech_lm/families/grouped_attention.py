"""Grouped-query attention with a mask, without copies of keys and values for heads or for sequences.

Grouped-query attention (Ainslie et al., 2023) has fewer heads of keys and values than of queries. With a
mask, transformers repeats keys and values for `sdpa`. Here the queries of a group are concatenated along
the length of one head instead, with the same result. This saves most of the memory traffic of passes over
cached keys and values. Keys and values of a prefix that sequences share are attended to by the queries of all
of them at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from transformers.integrations.sdpa_attention import sdpa_attention_forward  # pyright: ignore[reportUnknownVariableType]
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask  # pyright: ignore[reportUnknownVariableType]
from transformers.modeling_utils import AttentionInterface

from enunciate.speech_lm.families.partial_attention import Part, attend, merged

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
    prefixes: Sequence[tuple[Tensor, Tensor]] = (),
    **rest: Any,
) -> tuple[Tensor, None]:
    """Attend as transformers' `sdpa` does, and to prefixes.

    Args:
        module: The layer's attention.
        query: (B, H, L, D)
        key: (B, G, S, D), where H is a multiple of G.
        value: Like `key`.
        attention_mask: (B, 1, L, S), true where a query attends to a key. Without a mask, or with one for
            each head (as in encoders that share the setting), this is `sdpa`.
        dropout: Probability of dropping a weight.
        scaling: Factor of the dot products; None for 1 / sqrt(D).
        prefixes: Keys and values (1, G, P, D) before those of the sequences, which all queries attend to; the
            first for the first sequences, and so on, each for equally many. Only with a mask, and without
            dropout.
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
    if prefixes:
        parts = zip(packed.reshape(len(prefixes), -1, *packed.shape[1:]).unbind(), prefixes, strict=True)
        shared = [_attend_together(queries, *prefix, scaling) for queries, prefix in parts]
        before = torch.cat([read for read, _ in shared]), torch.cat([sums for _, sums in shared])
        out = merged(attend(packed, key, value, mask, scaling), before)
    else:
        out = scaled_dot_product_attention(packed, key, value, mask, dropout, scale=scaling)
    return out.reshape(batch, heads, length, -1).transpose(1, 2).contiguous(), None


def _attend_together(query: Tensor, key: Tensor, value: Tensor, scaling: float | None) -> Part:
    """Let the queries (B, G, L, D) of all sequences attend to the same keys (1, G, P, D)."""
    batch, groups, length, size = query.shape
    row = query.transpose(0, 1).reshape(1, groups, batch * length, size)
    read, sums = attend(row, key, value, None, scaling)
    return (
        read.reshape(groups, batch, length, size).transpose(0, 1),
        sums.reshape(groups, batch, length).transpose(0, 1),
    )


def use_grouped_attention(decoder: Any) -> None:
    """Set a decoder of transformers whose attention is `sdpa` to this attention, in place."""
    AttentionInterface.register(GROUPED, grouped_attention)
    AttentionMaskInterface.register(GROUPED, sdpa_mask)
    decoder.config._attn_implementation = GROUPED
