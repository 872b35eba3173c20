"""Greedy decoding of whole batches under the grammar of transcripts, on the device of the model.

The tables of `automaton` are on the device, and so is all that a step needs to know of each row: its state,
its bytes and its phones. Tokens and probabilities are fetched once, when all rows have ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor

from enunciate.speech_lm.decoding.appending import AppendingTranscripts
from enunciate.speech_lm.decoding.automaton import FORBIDDEN, TokenTable, most_letters, most_phones
from enunciate.speech_lm.decoding.continuation import Continuation
from enunciate.speech_lm.decoding.grammar import MORE_PHONES_THAN_LETTERS
from enunciate.speech_lm.decoding.transcripts import TokenSequence

LOOK_EVERY = {"cuda": 8}
"""The number of steps between two checks whether all rows have ended; each check waits for the GPU."""
APPENDED_ROWS = 2
"""The most rows that are checked after every step, so that text that must follow is fed in one pass with the
token before it. With more rows, the longer pass of one would hold up all others."""


class GreedyTranscripts:
    """The tables of one vocabulary on one device."""

    def __init__(self, table: TokenTable, device: torch.device) -> None:
        """Move the tables to a device."""
        self.table, self._device = table, device
        self._columns = torch.from_numpy(table.columns).to(device)
        self._following = torch.from_numpy(table.following).to(device)
        self._phones = torch.from_numpy(table.phones).to(device)
        self._letters = torch.from_numpy(table.letters).to(device)
        self._n_bytes = torch.from_numpy(table.n_bytes).to(device)
        self._closing = torch.from_numpy(table.closing).to(device)
        self._can_close = torch.from_numpy(table.can_close).to(device)
        self._is_whole = torch.from_numpy(table.is_whole).to(device)

    def decode(
        self, sequences: Continuation, opening: Sequence[int], durations_s: Sequence[float]
    ) -> list[TokenSequence]:
        """Append the most likely allowed token to each sequence until all answers are complete.

        Args:
            sequences: Sequences that end with the opening.
            opening: The first tokens of the answers.
            durations_s: The lengths of the clips, which limit those of the answers.
        """
        if len(durations_s) <= APPENDED_ROWS:
            return AppendingTranscripts(self.table, self._choose, sequences, opening, durations_s).decode()
        table, rows = self.table, len(durations_s)
        state = torch.full((rows,), table.walk(opening), device=self._device)
        written = torch.full((rows,), table.bytes_of(opening), device=self._device)
        phones, letters = torch.zeros_like(state), torch.zeros_like(state)
        letter_limits = self._put([most_letters(seconds) for seconds in durations_s])
        phone_limits = self._put([most_phones(seconds) for seconds in durations_s])
        look_every = LOOK_EVERY.get(self._device.type, 1)
        columns: list[Tensor] = []
        chances: list[Tensor] = []
        while True:
            in_phones = state >= table.first_of_phones
            most = torch.minimum(phone_limits, letters + MORE_PHONES_THAN_LETTERS)
            is_long = torch.where(in_phones, phones >= most, written >= letter_limits)
            column, chance = self._choose(sequences, state, is_long)
            chances.append(chance)
            columns.append(column)
            phones = phones + self._phones[state, column]
            letters = letters + self._letters[state, column]
            written = written + self._n_bytes[column]
            state = self._following[state, column].long()
            if len(columns) % look_every == 0 and bool(self._is_whole[state].all()):
                return self._fetched(opening, columns, chances)
            sequences.append(self._columns[column])

    def _choose(self, sequences: Continuation, state: Tensor, is_long: Tensor) -> tuple[Tensor, Tensor]:
        """Return the columns of the most likely allowed tokens (B,), and their probabilities (B,).

        Args:
            sequences: The sequences.
            state: (B,) where they are in the grammar.
            is_long: (B,) whether their words, or then their phones, must end as soon as they can.
        """
        allowed = self._following[state] != FORBIDDEN
        must_close = is_long & self._can_close[state]
        allowed &= self._closing | ~must_close[:, None]
        logits = sequences.logits().index_select(1, self._columns).masked_fill_(~allowed, -torch.inf)
        best, column = logits.max(dim=1)
        return column, (best - logits.logsumexp(dim=1)).exp()

    def _put(self, values: Sequence[int]) -> Tensor:
        return torch.tensor(values).to(self._device, non_blocking=True)

    def _fetched(
        self, opening: Sequence[int], columns: Sequence[Tensor], chances: Sequence[Tensor]
    ) -> list[TokenSequence]:
        tokens = self._columns[torch.stack(list(columns), dim=1)].cpu().numpy()
        is_end = tokens == self.table.end_token_id
        lengths = [int(row.argmax()) if row.any() else len(row) for row in is_end]
        written = cast("list[list[int]]", tokens.tolist())
        probable = cast("list[list[float]]", cast("Any", torch.stack(list(chances), dim=1).double()).tolist())
        return [
            TokenSequence([*opening, *row[:length]], [*[1.0] * len(opening), *row_chances[:length]])
            for row, row_chances, length in zip(written, probable, lengths, strict=True)
        ]
