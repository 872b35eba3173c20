"""Keys and values in tensors of a fixed size, which passes of a fixed shape write to and read."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from enunciate.speech_lm.decoding.graphed_calls import GraphedCalls
from enunciate.speech_lm.families.decoder_layers import run_layers

_KEPT_BYTES = 2**33
"""What all stores that are kept may take together. One over half of it is made anew for every batch, and has
no graphs."""
_COPIED_BYTES = 2**30
"""More is not copied at once, because a copy of it is made on the way."""


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
        self.advance = GraphedCalls(self.run, graphs=graphs)
        """From embeddings (B, L, D), positions (B, L), places (L,) and what is seen (B, 1, L, S) to hidden
        states (B, L, D)."""

    def run(self, embedded: Tensor, positions: Tensor, place: Tensor, seen: Tensor) -> Tensor:
        """Make one pass, without a graph."""
        for layer in self._layers:
            layer.place = place
        return run_layers(self._decoder, embedded, positions, seen, self._layers)

    @property
    def n_bytes(self) -> int:
        """The memory that it takes."""
        return self.store.numel() * self.store.element_size()

    def take(self, other: StaticRows, rows: Tensor, tokens: slice) -> None:
        """Copy some tokens of some sequences of another store, which may be this one."""
        each = -(-self.store.shape[0] // max(1, self.n_bytes // _COPIED_BYTES))
        for start in range(0, self.store.shape[0], each):
            part = slice(start, start + each)
            self.store[part, :, :, tokens] = other.store[part, rows, :, tokens]


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
        store = StaticRows(self.decoder, rows, room, dtype, device, graphs=self._graphs)
        if store.n_bytes > _KEPT_BYTES // 2:
            store.advance = GraphedCalls(store.run, graphs=False)
            return store
        while self._kept and store.n_bytes + sum(s.n_bytes for s in self._kept.values()) > _KEPT_BYTES:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = store
        return store
