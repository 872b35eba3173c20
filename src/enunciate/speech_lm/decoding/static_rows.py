"""Keys and values in tensors of a fixed size, which passes of a fixed shape write to and read."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from enunciate.speech_lm.decoding.graphed_calls import GraphedCalls
from enunciate.speech_lm.families.decoder_layers import run_layers

_KEPT_BYTES = 2**31
"""Larger stores are made anew for every batch, and have no graphs."""
_KEPT_STORES = 16


class LayerCache:
    """Keys and values of one layer, as a cache of transformers."""

    def __init__(self, keys: Tensor, values: Tensor) -> None:
        self._keys, self._values = keys, values
        self.place: Tensor | None = None
        """(L,) where the keys and values of the next tokens go."""

    def update(self, keys: Tensor, values: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        """Write keys and values (B, H, L, D) of new tokens, and return all (B, H, S, D)."""
        assert self.place is not None
        self._keys.index_copy_(2, self.place, keys)
        self._values.index_copy_(2, self.place, values)
        return self._keys, self._values


class StaticRows:
    """Room for the keys and values of some sequences, and the passes over them."""

    def __init__(
        self, decoder: Any, rows: int, room: int, dtype: torch.dtype, device: torch.device, *, graphs: bool
    ) -> None:
        """Make room.

        Args:
            decoder: The decoder without its output layer.
            rows: The number of sequences.
            room: The number of tokens of each.
            dtype: Precision of keys and values.
            device: Where they are.
            graphs: Whether passes are captured.
        """
        config = decoder.config
        heads = config.num_attention_heads
        size = getattr(config, "head_dim", None) or config.hidden_size // heads
        shape = 2 * len(decoder.layers), rows, config.num_key_value_heads, room, size
        # Zeros, because a masked value that is not a number would still be one in the sum.
        self.store = torch.zeros(shape, dtype=dtype, device=device)
        self._decoder = decoder
        self._layers = [LayerCache(*self.store[at : at + 2]) for at in range(0, shape[0], 2)]
        self.advance = GraphedCalls(self._advance, graphs=graphs)
        """Takes embeddings (B, L, D), positions (B, L), places (L,) and what is seen (B, 1, L, S)."""

    def _advance(self, embedded: Tensor, positions: Tensor, place: Tensor, seen: Tensor) -> Tensor:
        for layer in self._layers:
            layer.place = place
        return run_layers(self._decoder, embedded, positions, seen, self._layers)

    def take(self, other: StaticRows, rows: Tensor, n_tokens: int) -> None:
        """Copy the first tokens of some sequences of another store, which may be this one."""
        self.store[:, :, :, :n_tokens] = other.store[:, rows, :, :n_tokens]


class StaticStores:
    """The stores of one model, which are kept for the next clips, with their graphs."""

    def __init__(self, decoder: Any, *, graphs: bool) -> None:
        """Prepare for a decoder without its output layer."""
        self.decoder, self._graphs = decoder, graphs
        self._kept: dict[tuple[object, ...], StaticRows] = {}

    def of(self, rows: int, room: int, dtype: torch.dtype, device: torch.device, purpose: str) -> StaticRows:
        """Return the store of so many sequences and tokens; one is used for one purpose at a time."""
        key = rows, room, dtype, device, purpose
        if key in self._kept:
            self._kept[key] = self._kept.pop(key)  # the last one that was used is the last to be let go
            return self._kept[key]
        config = self.decoder.config
        values = 2 * len(self.decoder.layers) * rows * room * config.hidden_size
        values = values * config.num_key_value_heads // config.num_attention_heads
        keep = values * dtype.itemsize <= _KEPT_BYTES
        store = StaticRows(self.decoder, rows, room, dtype, device, graphs=self._graphs and keep)
        if keep:
            while len(self._kept) >= _KEPT_STORES:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = store
        return store
