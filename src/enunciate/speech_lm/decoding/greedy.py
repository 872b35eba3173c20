"""Greedy decoding of whole batches under the grammar of transcripts, on the device of the model.

The tables of `automaton` are on the device, and so is all that a step needs to know of each row: its state,
its bytes and its phones. Tokens and probabilities are fetched once, when all rows have ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from enunciate.speech_lm.decoding.automaton import FORBIDDEN, TokenTable, most_letters, most_phones
from enunciate.speech_lm.decoding.continuation import Continuation
from enunciate.speech_lm.decoding.grammar import MORE_PHONES_THAN_LETTERS
from enunciate.speech_lm.decoding.transcripts import TokenSequence

_LOOK_EVERY = {"cuda": 8}
"""Steps between two looks at whether all rows have ended, each of which waits for a GPU."""


class GreedyTranscripts:
    """The tables of one vocabulary on one device."""

    def __init__(self, table: TokenTable, device: torch.device) -> None:
        """Move the tables to a device."""
        self._table, self._device = table, device
        self._columns = torch.from_numpy(table.columns).to(device)
        self._following = torch.from_numpy(table.following).to(device)
        self._phones = torch.from_numpy(table.phones).to(device)
        self._letters = torch.from_numpy(table.letters).to(device)
        self._n_bytes = torch.from_numpy(table.n_bytes).to(device)
        self._closing = torch.from_numpy(table.closing).to(device)
        self._can_close = torch.from_numpy(table.can_close).to(device)

    def decode(
        self, sequences: Continuation, opening: Sequence[int], durations_s: Sequence[float]
    ) -> list[TokenSequence]:
        """Append the most likely allowed token to each sequence until all have ended.

        Args:
            sequences: Sequences that end with the opening.
            opening: The first tokens of the answers.
            durations_s: The lengths of the clips, which limit those of the answers.
        """
        table, rows = self._table, len(durations_s)
        begun = table.walk(opening)
        n_opened = sum(int(table.n_bytes[table.place_of(token)]) for token in opening)
        state = torch.full((rows,), begun, device=self._device)
        written = torch.full((rows,), n_opened, device=self._device)
        phones, letters = torch.zeros_like(state), torch.zeros_like(state)
        letter_limits = self._limits([most_letters(seconds) for seconds in durations_s])
        phone_limits = self._limits([most_phones(seconds) for seconds in durations_s])
        look_every = _LOOK_EVERY.get(self._device.type, 1)
        columns: list[Tensor] = []
        chances: list[Tensor] = []
        while True:
            following = self._following[state]
            allowed = following != FORBIDDEN
            in_phones = state >= table.first_of_phones
            most = torch.minimum(phone_limits, letters + MORE_PHONES_THAN_LETTERS)
            is_long = torch.where(in_phones, phones >= most, written >= letter_limits)
            must_close = is_long & self._can_close[state]
            allowed &= self._closing | ~must_close[:, None]
            logits = sequences.logits().index_select(1, self._columns).masked_fill_(~allowed, -torch.inf)
            best, column = logits.max(dim=1)
            chances.append((best - logits.logsumexp(dim=1)).exp())
            columns.append(column)
            phones = phones + self._phones[state, column]
            letters = letters + self._letters[state, column]
            written = written + self._n_bytes[column]
            state = following.gather(1, column[:, None])[:, 0].long()
            if len(columns) % look_every == 0 and bool((state == table.finished).all()):
                return self._fetched(opening, columns, chances)
            sequences.append(self._columns[column])

    def _limits(self, values: Sequence[int]) -> Tensor:
        return torch.tensor(values).to(self._device, non_blocking=True)

    def _fetched(
        self, opening: Sequence[int], columns: Sequence[Tensor], chances: Sequence[Tensor]
    ) -> list[TokenSequence]:
        tokens = self._columns[torch.stack(list(columns), dim=1)].cpu().numpy()
        end = self._table.columns[np.flatnonzero(self._table.following[self._table.finished] != FORBIDDEN)[0]]
        lengths = (tokens == end).argmax(axis=1).tolist()
        written = cast("list[list[int]]", tokens.tolist())
        probable = cast("list[list[float]]", cast("Any", torch.stack(list(chances), dim=1).double()).tolist())
        return [
            TokenSequence([*opening, *row[:length]], [*[1.0] * len(opening), *row_chances[:length]])
            for row, row_chances, length in zip(written, probable, lengths, strict=True)
        ]
