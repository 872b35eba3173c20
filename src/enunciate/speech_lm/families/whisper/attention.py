"""Attention with the modules of Whisper's layers, which transformers' other classes have copied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from torch.utils.checkpoint import checkpoint  # pyright: ignore[reportUnknownVariableType]

KeysValues = tuple[Tensor, Tensor]
"""Keys and values, each (B, heads, tokens, head size)."""


@dataclass(frozen=True)
class Rows:
    """Which clip each of B sequences is about; the sequences of a clip attend to its audio together."""

    clip: Tensor
    """(B,)"""
    place: Tensor
    """(B,) a sequence's number among those of its clip."""
    most: int
    """The most sequences of a clip."""

    @classmethod
    def of(cls, clip: Tensor) -> Rows:
        """Number the sequences of each clip."""
        order = clip.argsort(stable=True)
        ordered = clip[order]
        place = torch.empty_like(order)
        place[order] = torch.arange(len(clip), device=clip.device) - torch.searchsorted(ordered, ordered)
        return cls(clip, place, int(place.max()) + 1)

    def gathered(self, x: Tensor, n_clips: int) -> Tensor:
        """Bring (B, heads, L, d) queries together as (C, heads, most x L, d), with zeros where none is."""
        together = x.new_zeros(n_clips, self.most, *x.shape[1:])
        together[self.clip, self.place] = x
        return together.transpose(1, 2).flatten(2, 3)

    def scattered(self, x: Tensor) -> Tensor:
        """Undo `gathered`."""
        rows, heads, _, size = x.shape
        return x.reshape(rows, heads, self.most, -1, size).transpose(1, 2)[self.clip, self.place]


def run_layer(owner: Any, function: Any, *arguments: Any) -> Tensor:
    """Call a function of a layer, recomputing it in the backward pass if its owner says so."""
    if owner.gradient_checkpointing and owner.training:
        return cast("Tensor", checkpoint(function, *arguments, use_reentrant=False))
    return cast("Tensor", function(*arguments))


def keys_values(attention: Any, x: Tensor) -> KeysValues:
    """Return keys and values of (B, L, D)."""
    return _heads(attention, attention.k_proj(x)), _heads(attention, attention.v_proj(x))


def attend(
    attention: Any, x: Tensor, about: KeysValues, mask: Tensor | None, rows: Rows | None = None
) -> Tensor:
    """Attend from (B, L, D) to keys and values; without a mask, each token to itself and those before."""
    queries = _heads(attention, attention.q_proj(x))
    if rows is not None:
        queries = rows.gathered(queries, len(about[0]))
    found = scaled_dot_product_attention(queries, *about, attn_mask=mask, is_causal=mask is None)
    if rows is not None:
        found = rows.scattered(found)
    return cast("Tensor", attention.out_proj(found.transpose(1, 2).flatten(2)))


def _heads(attention: Any, x: Tensor) -> Tensor:
    return x.reshape(*x.shape[:2], attention.num_heads, -1).transpose(1, 2)
