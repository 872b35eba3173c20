"""Keys and values in tensors of a fixed size, which passes of a fixed shape write to and read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from enunciate.speech_lm.decoding.graphed_calls import GraphedCalls
from enunciate.speech_lm.families.decoder_layers import run_layers

_KEPT_SHARE, _KEPT_BYTES = 1 / 8, 2**33
"""The share of a GPU's memory, or elsewhere the bytes, that all stores which are kept take at most. A store
that needs more than half of them is made anew for every batch, and has no graphs."""
_COPIED_BYTES = 2**30
"""The most bytes that are copied at once, because copying makes a temporary copy of them."""
LONGEST_GRAPH = 2**11
"""The most positions of a pass that is captured; one over more keeps a GPU busy without a graph."""


@dataclass(frozen=True, eq=False)
class Prefix:
    """The keys and values of tokens that several sequences begin with."""

    store: Tensor
    """(2 x layers, 1, heads, tokens, size of a head): keys and values of each layer in turn."""

    @property
    def n_tokens(self) -> int:
        """The number of tokens."""
        return self.store.shape[3]

    def of_layer(self, index: int) -> tuple[Tensor, Tensor]:
        """Return the keys and values of one layer."""
        return self.store[2 * index], self.store[2 * index + 1]


class LayerCache:
    """Keys and values of one layer, as a cache of transformers."""

    def __init__(self, keys: Tensor, values: Tensor, prefixes: Sequence[tuple[Tensor, Tensor]]) -> None:
        self._keys, self._values, self.prefixes = keys, values, prefixes
        self.place: Tensor | None = None
        """(L,) The places of the keys and values of the next tokens."""

    def update(self, keys: Tensor, values: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        """Write keys and values (B, H, L, D) of new tokens, and return all (B, H, S, D)."""
        assert self.place is not None
        self._keys.index_copy_(2, self.place, keys)
        self._values.index_copy_(2, self.place, values)
        return self._keys, self._values


class Pass:
    """One pass over all layers.

    It does not know the rows that have it: a ring of references would keep a model in memory.
    """

    def __init__(self, decoder: Any, layers: Sequence[LayerCache]) -> None:
        self._decoder, self._layers = decoder, layers

    def __call__(self, embedded: Tensor, positions: Tensor, place: Tensor, seen: Tensor) -> Tensor:
        """See `StaticRows.advance`."""
        for layer in self._layers:
            layer.place = place
        return run_layers(self._decoder, embedded, positions, seen, self._layers)


class StaticRows:
    """The memory for the keys and values of some sequences, and the passes over them."""

    def __init__(
        self,
        decoder: Any,
        rows: int,
        room: int,
        dtype: torch.dtype,
        device: torch.device,
        *,
        prefixes: Sequence[Prefix] = (),
        graphs: bool,
    ) -> None:
        """Allocate the memory.

        Args:
            decoder: The decoder without its output layer.
            rows: The number of sequences.
            room: The number of tokens of each after its prefix.
            dtype: Precision of keys and values.
            device: Where they are.
            prefixes: What the sequences begin with: the first prefix is that of the first sequences, and so
                on, each of equally many.
            graphs: Whether passes are captured.
        """
        shape = _shape(decoder, rows, room)
        # Zeros, because a masked value that is not a number would still be one in the sum.
        self.store = torch.zeros(shape, dtype=dtype, device=device)
        layers = [
            LayerCache(
                self.store[2 * at], self.store[2 * at + 1], [prefix.of_layer(at) for prefix in prefixes]
            )
            for at in range(shape[0] // 2)
        ]
        self.run = Pass(decoder, layers)
        """Does the same as `advance`, without a graph."""
        self.advance = GraphedCalls(self.run, graphs=graphs, most_positions=LONGEST_GRAPH)
        """Computes hidden states (B, L, D) from embeddings (B, L, D), positions (B, L), places (L,) and the
        mask of the tokens that each token sees (B, 1, L, S)."""

    @property
    def n_rows(self) -> int:
        """The number of rows."""
        return self.store.shape[1]

    @property
    def n_bytes(self) -> int:
        """The size of the store in bytes."""
        return self.store.numel() * self.store.element_size()

    def prefix(self, row: int, tokens: slice) -> Prefix:
        """Return a copy of some tokens of one sequence, without a prefix of its own, for others to share."""
        return Prefix(self.store[:, row : row + 1, :, tokens].clone())

    def take(self, other: StaticRows, rows: Tensor, tokens: slice) -> None:
        """Copy some tokens of some sequences of another store, which may be this one."""
        each = -(-self.store.shape[0] // max(1, self.n_bytes // _COPIED_BYTES))
        for start in range(0, self.store.shape[0], each):
            part = slice(start, start + each)
            self.store[part, :, :, tokens] = other.store[part, rows, :, tokens]


def _shape(decoder: Any, rows: int, room: int) -> tuple[int, ...]:
    """Return the shape of a store: keys and values of each layer, rows, heads, tokens, size of a head."""
    config = decoder.config
    size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return 2 * len(decoder.layers), rows, config.num_key_value_heads, room, size


def free_bytes(device: torch.device) -> float:
    """Return the memory of a GPU that is free, or that torch keeps unused; a CPU has no limit."""
    if device.type != "cuda":
        return math.inf
    spare = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return torch.cuda.mem_get_info(device)[0] + spare


def _kept_bytes(device: torch.device) -> float:
    return _KEPT_SHARE * torch.cuda.mem_get_info(device)[1] if device.type == "cuda" else _KEPT_BYTES


class StaticStores:
    """The stores of one model, which are kept for the next clips, with their graphs."""

    def __init__(self, decoder: Any, *, graphs: bool) -> None:
        """Prepare for a decoder without its output layer."""
        self.decoder, self._graphs = decoder, graphs
        self._kept: dict[tuple[object, ...], StaticRows] = {}

    def have_room(self, rows: int, room: int, dtype: torch.dtype, device: torch.device) -> bool:
        """Whether so many sequences and tokens take at most half of the memory that is free.

        Tokens are rounded up, and rows are copied from one store to the next, which takes up to twice the
        memory of the plain loop.
        """
        return math.prod(_shape(self.decoder, rows, room)) * dtype.itemsize <= free_bytes(device) / 2

    def of(
        self,
        rows: int,
        room: int,
        dtype: torch.dtype,
        device: torch.device,
        purpose: str,
        prefixes: tuple[Prefix, ...] = (),
    ) -> StaticRows:
        """Return the store of so many sequences and tokens; one is used for one purpose at a time."""
        key = rows, room, dtype, device, purpose, prefixes
        if key in self._kept:
            self._kept[key] = self._kept.pop(key)  # the last one that was used is the last to be let go
            return self._kept[key]
        store = StaticRows(self.decoder, rows, room, dtype, device, prefixes=prefixes, graphs=self._graphs)
        kept_bytes = _kept_bytes(device)
        if store.n_bytes > kept_bytes / 2:
            store.advance = GraphedCalls(store.run, graphs=False)
            return store
        while self._kept and store.n_bytes + sum(s.n_bytes for s in self._kept.values()) > kept_bytes:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = store
        return store
