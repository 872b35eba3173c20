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
        own_read, own_sums = attend(packed, key, value, mask, scaling)
        own = _by_position(own_read, each), _by_position(own_sums.unsqueeze(-1), each).squeeze(-1)
        out = merged(own, _attend_together(query, prefixes, scaling))
    else:
        out = _by_position(
            scaled_dot_product_attention(packed, key, value, mask, dropout, scale=scaling), each
        )
    return out.contiguous(), None


def _by_position(packed: Tensor, each: int) -> Tensor:
    """Return (B, L, H, D) of what the heads of each group have read in turn, (B, G, H / G x L, D).

    One copy at most: the inner dimension stays together.
    """
    heads = torch.unflatten(packed, 2, (each, -1))
    return heads.permute(0, 3, 1, 2, 4).flatten(2, 3)


def _attend_together(query: Tensor, prefixes: Sequence[tuple[Tensor, Tensor]], scaling: float | None) -> Part:
    """Let the queries (B, H, L, D) of equally many sequences attend to each prefix, as those of one sequence.

    Returns:
        What they read (B, L, H, D), and the logarithms of their sums of exponentials (B, L, H).
    """
    rows = torch.unflatten(query.transpose(1, 2), 0, (len(prefixes), -1))
    reads: list[Tensor] = []
    sums: list[Tensor] = []
    for row, (key, value) in zip(rows.unbind(), prefixes, strict=True):
        read, sum_of_it = attend(row.flatten(0, 1).transpose(0, 1)[None], key, value, None, scaling)
        reads.append(torch.unflatten(read[0].transpose(0, 1), 0, row.shape[:2]))
        sums.append(torch.unflatten(sum_of_it[0].transpose(0, 1), 0, row.shape[:2]))
    return torch.cat(reads), torch.cat(sums)


def use_grouped_attention(decoder: Any) -> None:
    """Set a decoder of transformers whose attention is `sdpa` to this attention, in place."""
    AttentionInterface.register(GROUPED, grouped_attention)
    AttentionMaskInterface.register(GROUPED, sdpa_mask)
    decoder.config._attn_implementation = GROUPED
