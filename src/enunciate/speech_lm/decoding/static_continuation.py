"""A batch of prompts that grow token by token in stores of a fixed size, for passes that a GPU repeats.

The answers are those of `continuation`: what is padded to a round length is masked and takes no position.
Sequences that begin with the same tokens, such as several answers about one clip, are branches in one row of
the store: each sees what they share and its own tokens, and nothing is copied. A prefix of many rows, such as
the instruction before the audio, is kept once for all of them.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from itertools import takewhile
from typing import Any, cast

import torch
from torch import Tensor

from enunciate.speech_lm.decoding.continuation import Continuation
from enunciate.speech_lm.decoding.static_rows import LONGEST_GRAPH, Prefix, StaticRows, StaticStores
from enunciate.speech_lm.families.speech_model import Heard, SpeechModel

_ROOM = 128
"""The size of a store is a multiple of this many tokens; the first store has this many, or half, to spare."""
_LONG, _ROUND_LONG, _ROUND_SHORT = 16, 32, 4
"""Passes of more tokens than the first are padded to a multiple of the second, and others to one of the
third, so that few graphs are captured."""
_BUSY = 2**9
"""A GPU takes longer for each position of a pass over more positions than this, so that short ones are not
padded then; long ones are not where there are no graphs."""


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
        self._row_of = list(range(len(heard.n_tokens)))
        """The row of the store that each sequence is in."""
        self._branches = 1
        """The sequences of each row, when tokens were last appended."""
        self._prefixes: list[Prefix] = []
        """The prefix of each sequence, if there are any."""
        self._before = torch.zeros(len(heard.n_tokens), 1, dtype=torch.long, device=self.device)
        """(B, 1) The number of tokens of each prefix."""
        self._as_prefixes: list[Prefix] = []
        """These sequences as prefixes of others, when there are others."""
        self._is_guest = False
        """Whether the store belongs to other sequences, so that the rows are to be copied to another one."""
        autocast = torch.is_autocast_enabled(self.device.type)
        self._dtype = torch.get_autocast_dtype(self.device.type) if autocast else model.weight_dtype

    def feed(self, rows: Sequence[Sequence[int]]) -> None:
        """Append tokens, possibly none, to each sequence; audio placeholders come in the first call only."""
        width = self._width(max(map(len, rows)))
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
        assert self._mask is not None
        self._length -= self._width(n_tokens) * self._branches
        self._mask[:, self._length :] = False
        self._hidden = None

    def select(self, rows: Sequence[int]) -> None:
        """Keep these sequences, in this order; one may be taken more than once."""
        chosen = torch.tensor(rows, device=self.device)
        assert self._mask is not None
        self._row_of = [self._row_of[row] for row in rows]
        self._prefixes = [self._prefixes[row] for row in rows] if self._prefixes else []
        self._mask, self._before = self._mask[chosen], self._before[chosen]
        self._hidden = None if self._hidden is None else self._hidden[chosen]

    def split(self, rows: Sequence[int], purpose: str = "rows") -> StaticContinuation:
        """Return some of the sequences to be continued apart; this one must not be continued any more."""
        part = copy.copy(self)
        part._purpose, part._is_guest = purpose, True
        part.select(rows)
        return part

    def branch(self, heard: Heard, rows: Sequence[int], purpose: str) -> StaticContinuation:
        """Return sequences about other clips, for which these are prefixes; see `Continuation`.

        Equal rows must follow each other, each as often as any other; these sequences cannot be continued
        any more.
        """
        if self._store is not None:
            assert self._mask is not None and not self._prefixes
            lengths = cast("list[int]", self._mask.sum(dim=1).tolist())
            tokens = [slice(self._length - length, self._length) for length in lengths]
            self._as_prefixes = [self._store.prefix(*one) for one in zip(self._row_of, tokens, strict=True)]
            self._store = None
        other = StaticContinuation(self._model, self._pad_token_id, heard, self._stores, purpose)
        other._prefixes = [self._as_prefixes[row] for row in rows]
        other._before += torch.tensor([[one.n_tokens] for one in other._prefixes], device=self.device)
        return other

    def _advance(self, ids: Tensor, there: Tensor) -> None:
        """Append tokens (B, L), of which only those that are `there` count."""
        batch, new = ids.shape
        store = self._room_for(new)
        assert self._mask is not None
        branches, room = self._branches, self._mask.shape[1]
        before = self._before + self._mask.sum(dim=1, keepdim=True)
        positions = (before + there.cumsum(dim=1) - 1).clamp(min=0)
        places = torch.arange(self._length, self._length + branches * new, device=self.device)
        branch = torch.arange(batch, device=self.device) % branches
        own = places.view(branches, new)[branch]
        self._mask.scatter_(1, own, there)
        slots = torch.arange(room, device=self.device)
        # Padding sees itself, because attention to nothing is not a number.
        seen = (self._mask[:, None] & (slots <= own[..., None])) | (slots == own[..., None])
        embedded = cast("Any", self._model).embed(ids, self._heard).to(self._dtype)
        self._heard = None
        self._length += branches * new
        in_rows = (batch // branches, branches * new)
        hidden = store.advance(
            embedded.view(*in_rows, -1), positions.view(in_rows), places, seen.view(in_rows[0], 1, -1, room)
        )
        self._hidden = hidden.view(batch, new, -1)

    def _width(self, n_tokens: int) -> int:
        """Return the length of a pass over so many tokens of each sequence."""
        is_long, positions = n_tokens > _LONG, n_tokens * len(self._row_of)
        if n_tokens <= 1 or positions > (LONGEST_GRAPH if is_long else _BUSY):
            return max(1, n_tokens)
        to = _ROUND_LONG if is_long else _ROUND_SHORT
        return -(-n_tokens // to) * to

    def _room_for(self, new: int) -> StaticRows:
        """Return a store with room for more tokens, and with equally many sequences in all rows."""
        self._branches = _run_length(self._row_of)
        rows = self._row_of[:: self._branches]
        room = 0 if self._mask is None else self._mask.shape[1]
        needed = self._length + self._branches * new
        if needed > room:
            room = -(-(needed + _ROOM // 2) // _ROOM) * _ROOM
        elif self._store is not None and not self._is_guest and rows == [*range(self._store.n_rows)]:
            return self._store
        return self._moved(rows, room)

    def _moved(self, rows: Sequence[int], room: int) -> StaticRows:
        """Move to a store with copies of these rows, each of which has as many sequences as any other."""
        batch = len(self._row_of)
        prefixes = tuple(dict.fromkeys(self._prefixes))
        store = self._stores.of(len(rows), room, self._dtype, self.device, self._purpose, prefixes)
        if self._store is not None:
            store.take(self._store, torch.tensor(rows, device=self.device), slice(0, self._length))
        mask = torch.zeros(batch, room, dtype=torch.bool, device=self.device)
        if self._mask is not None:
            mask[:, : self._mask.shape[1]] = self._mask
        self._row_of = [row for row in range(len(rows)) for _ in range(batch // len(rows))]
        self._mask, self._store, self._is_guest = mask, store, False
        return store


def _run_length(rows: Sequence[int]) -> int:
    """Return the length of runs of equal rows, if all runs are equally long and of different rows, else 1."""
    length = sum(1 for _ in takewhile(lambda row: row == rows[0], rows))
    firsts = rows[::length]
    even = len(set(firsts)) == len(firsts) and rows == [row for row in firsts for _ in range(length)]
    return length if even else 1
