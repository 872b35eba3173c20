"""Sequences that begin with the same tokens, packed into one row in which these tokens stand once.

    the P shared tokens | the other R tokens of the first sequence | those of the second | ...

Every layer but attention looks at each token alone, so that it computes such a row as any other, and the
shared tokens once. Attention takes the row apart: the shared tokens attend to each other, and the others to
the shared ones and to those of their own sequence. Nothing is detached, so that the gradients of the shared
tokens are those of all sequences.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn
from transformers.integrations.sdpa_attention import sdpa_attention_forward  # pyright: ignore[reportUnknownVariableType]
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask  # pyright: ignore[reportUnknownVariableType]
from transformers.modeling_utils import AttentionInterface

PACKED = "packed_sdpa"
"""The name under which the attention is registered with transformers."""
Packed = tuple[int, int]
"""How a row is packed: the number of shared tokens P, and that of sequences B."""

_aten: Any = torch.ops.aten


def pack(embedded: Tensor, shared: int) -> Tensor:
    """Return sequences (B, L, D) that share their first P tokens as one row (1, P + B x (L - P), D)."""
    return torch.cat([embedded[0, :shared], embedded[:, shared:].flatten(0, 1)])[None]


def packed_positions(length: int, packed: Packed, device: torch.device) -> Tensor:
    """Return the position (1, N) that each token of a row has in its sequence, which has `length` tokens."""
    shared, rows = packed
    whole = torch.arange(length, device=device)
    return torch.cat([whole[:shared], whole[shared:].repeat(rows)])[None]


def own_tokens(row: Tensor, packed: Packed) -> Tensor:
    """Return what a row (1, N, D) has of each sequence after the shared tokens, (B, R, D)."""
    shared, rows = packed
    return row[0, shared:].reshape(rows, -1, row.shape[2])


def packed_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    packed: Packed,
    dropout: float = 0.0,
    scaling: float | None = None,
) -> Tensor:
    """Attend in a packed row as its sequences would.

    Args:
        module: The layer's attention.
        query: (1, H, N, D)
        key: (1, G, N, D), where H is a multiple of G.
        value: Like `key`.
        packed: How the row is packed.
        dropout: Probability of dropping a weight.
        scaling: Factor of the dot products; None for 1 / sqrt(D).

    Returns:
        (1, N, H, D).
    """
    shared, rows = packed
    query, key = query.to(value.dtype), key.to(value.dtype)  # which autocast would do for `sdpa`
    first, _ = sdpa_attention_forward(
        module, query[:, :, :shared], key[:, :, :shared], value[:, :, :shared], None, dropout, scaling
    )
    keys, values = (
        torch.cat([one[:, :, :shared].expand(rows, -1, -1, -1), _by_sequence(one, packed)], dim=2)
        for one in (key, value)
    )
    own = _last_queries(module, _by_sequence(query, packed), keys, values, dropout, scaling)
    return torch.cat([first, own.flatten(0, 1)[None]], dim=1)


def _attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    packed: Packed | None = None,
    **rest: Any,
) -> tuple[Tensor, None]:
    """Attend as transformers' `sdpa` does, or in a packed row, which has no mask."""
    if packed is None:
        return sdpa_attention_forward(module, query, key, value, attention_mask, dropout, scaling, **rest)
    return packed_attention(module, query, key, value, packed, dropout, scaling), None


def use_packed_rows(decoder: Any) -> None:
    """Set a decoder of transformers whose attention is `sdpa` to one that takes packed rows too, in place."""
    AttentionInterface.register(PACKED, _attention)
    AttentionMaskInterface.register(PACKED, sdpa_mask)
    decoder.config._attn_implementation = PACKED


def _by_sequence(row: Tensor, packed: Packed) -> Tensor:
    """Return the tokens (1, G, N, D) that are not shared as (B, G, R, D)."""
    shared, rows = packed
    _, groups, _, size = row.shape
    return row[0, :, shared:].reshape(groups, rows, -1, size).transpose(0, 1)


def _last_queries(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, dropout: float, scaling: float | None
) -> Tensor:
    """Let the last L tokens of sequences attend, causally, to all S; returns (B, L, H, D).

    Without a mask `sdpa` takes queries for those of the first tokens. The operator beneath it, which is for
    GPUs and half precision, takes them for those of the last.
    """
    half = value.dtype in (torch.bfloat16, torch.float16)
    if query.device.type == "cuda" and half and value.shape[-1] % 8 == 0:
        found = _aten._scaled_dot_product_flash_attention(
            query, key, value, dropout, True, False, scale=scaling
        )
        return cast("Tensor", found[0]).transpose(1, 2)
    length, seen = query.shape[2], key.shape[2]
    mask = torch.ones(length, seen, dtype=torch.bool, device=query.device).tril(seen - length)
    return sdpa_attention_forward(module, query, key, value, mask[None, None], dropout, scaling)[0]
