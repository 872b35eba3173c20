"""A batch of prompts that grow token by token in stores of a fixed size, for passes that a GPU repeats.

The answers are those of `continuation`: what is padded to a round length is masked and takes no position.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor

from enunciate.speech_lm.decoding.continuation import Continuation
from enunciate.speech_lm.decoding.static_rows import StaticRows, StaticStores
from enunciate.speech_lm.families.speech_model import Heard, SpeechModel

_ROOM = 128
"""The size of a store is a multiple of this many tokens; the first store has this many, or half, to spare."""
_LONG, _ROUND_LONG, _ROUND_SHORT = 16, 32, 4
"""Passes of more tokens than the first are padded to a multiple of the second, and others to one of the
third."""


class StaticContinuation(Continuation):
    """See `Continuation`."""

    def __init__(
        self, model: SpeechModel, pad_token_id: int, heard: Heard, stores: StaticStores, purpose: str = "rows"
    ) -> None:
        """Start with empty sequences, one for each clip that was heard.

        Args:
            model: A model whose layers can be run one by one.
            pad_token_id: The token that shorter rows are padded with.
            heard: The clips.
            stores: Those of the model.
            purpose: Tells stores of the same size apart whose contents are needed at the same time.
        """
        super().__init__(model, pad_token_id, heard)
        self._stores, self._purpose = stores, purpose
        self._heard: Heard | None = heard
        self._store: StaticRows | None = None
        self._length = 0
        self._rows = len(heard.n_tokens)
        self._chosen: list[int] | None = None
        """The rows of the store that are to be copied to another one before the next pass."""
        self._origins = list(range(self._rows))
        self._shared = 0
        """The number of first tokens that rows of the same origin share."""
        autocast = torch.is_autocast_enabled(self.device.type)
        self._dtype = torch.get_autocast_dtype(self.device.type) if autocast else model.weight_dtype

    def feed(self, rows: Sequence[Sequence[int]]) -> None:
        """Append tokens, possibly none, to each sequence; audio placeholders come in the first call only."""
        longest = max(map(len, rows))
        width = _rounded(longest)
        blanks = [[self._pad_token_id] * (width - len(row)) for row in rows]
        ids = self._padded([[*blank, *row] for blank, row in zip(blanks, rows, strict=True)], 0)
        there = self._padded([[0] * len(b) + [1] * len(r) for b, r in zip(blanks, rows, strict=True)], 0)
        self._advance(ids, there.bool())

    def append(self, tokens: Tensor) -> None:
        """Append one token to each sequence, (B,) on the device; nothing waits for the device."""
        self._advance(tokens[:, None], torch.ones_like(tokens[:, None], dtype=torch.bool))

    def truncate(self, n_tokens: int) -> None:
        """Remove the last `n_tokens` positions and the padding before them.

        There are no logits until something is fed again.
        """
        n_positions = _rounded(n_tokens)
        assert self._mask is not None
        self._length -= n_positions
        self._mask[:, self._length : self._length + n_positions] = False
        self._hidden = None

    def select(self, rows: Sequence[int]) -> None:
        """Keep these sequences, in this order; one may be taken more than once."""
        chosen = torch.tensor(rows, device=self.device)
        assert self._mask is not None
        self._chosen = list(rows) if self._chosen is None else [self._chosen[row] for row in rows]
        self._mask = self._mask[chosen]
        self._hidden = None if self._hidden is None else self._hidden[chosen]
        self._rows = len(rows)

    def split(self, rows: Sequence[int], purpose: str = "rows") -> StaticContinuation:
        """Return some of the sequences to be continued apart; this one must not be continued any more."""
        part = copy.copy(self)
        part._purpose = purpose
        part.select(rows)
        return part

    def branch(self, heard: Heard, rows: Sequence[int], purpose: str) -> StaticContinuation:
        """Return sequences about other clips; see `Continuation`."""
        part = self.split(rows, purpose)
        part._heard, part._hidden = heard, None
        return part

    def _advance(self, ids: Tensor, there: Tensor) -> None:
        """Append tokens (B, L), of which only those that are `there` count."""
        new = ids.shape[1]
        store = self._room_for(new)
        assert self._mask is not None
        before = self._mask.sum(dim=1, keepdim=True)
        self._mask[:, self._length : self._length + new] = there
        positions = (before + there.cumsum(dim=1) - 1).clamp(min=0)
        place = torch.arange(self._length, self._length + new, device=self.device)
        slots = torch.arange(self._mask.shape[1], device=self.device)
        causal, own = slots <= place[:, None], slots == place[:, None]
        # Padding sees itself, because attention to nothing is not a number.
        seen = ((self._mask[:, None] & causal) | own)[:, None]
        embedded = cast("Any", self._model).embed(ids, self._heard).to(self._dtype)
        self._heard = None
        self._length += new
        self._hidden = store.advance(embedded, positions, place, seen)

    def _room_for(self, new: int) -> StaticRows:
        """Return a store with room for more tokens and for no other rows than those that are left."""
        room = 0 if self._mask is None else self._mask.shape[1]
        if self._length + new > room:
            room = -(-(self._length + new + _ROOM // 2) // _ROOM) * _ROOM
        elif self._chosen is None and self._store is not None:
            return self._store
        store = self._stores.of(self._rows, room, self._dtype, self.device, self._purpose)
        if self._store is not None:
            self._copy(self._store, store)
        mask = torch.zeros(self._rows, room, dtype=torch.bool, device=self.device)
        if self._mask is not None:
            mask[:, : self._mask.shape[1]] = self._mask
        self._mask, self._store, self._chosen = mask, store, None
        return store

    def _copy(self, old: StaticRows, new: StaticRows) -> None:
        """Copy the rows that are left; what a row of the same origin has there already is not copied."""
        rows = list(range(self._rows)) if self._chosen is None else self._chosen
        origins = [self._origins[row] for row in rows]
        if old is not new or origins != self._origins:
            self._shared, kept = self._length, 0
            self._origins = rows
        else:
            kept = self._shared
        new.take(old, torch.tensor(rows, device=self.device), slice(kept, self._length))


def _rounded(n_tokens: int) -> int:
    to = 1 if n_tokens <= 1 else _ROUND_SHORT if n_tokens <= _LONG else _ROUND_LONG
    return max(1, -(-n_tokens // to) * to)
