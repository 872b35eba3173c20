"""Greedy decoding of one or two transcripts under their grammar, with as few passes as there are choices.

Where only one token is allowed, nothing has to be asked: the tokens that must follow a choice are appended
and fed with it in one pass, and an answer that is complete ends without another one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

import torch
from torch import Tensor

from enunciate.speech_lm.decoding.automaton import TokenTable, most_letters, most_phones
from enunciate.speech_lm.decoding.continuation import Continuation
from enunciate.speech_lm.decoding.grammar import MORE_PHONES_THAN_LETTERS
from enunciate.speech_lm.decoding.transcripts import TokenSequence

Choose = Callable[[Continuation, Tensor, Tensor], tuple[Tensor, Tensor]]
"""Returns columns and probabilities of the next tokens, from states and whether rows are too long."""


@dataclass
class _Row:
    """The state of one answer so far."""

    state: int
    written: int
    most_letters: int
    most_phones: int
    phones: int = 0
    letters: int = 0
    tokens: list[int] = field(default_factory=list[int])
    chances: list[float] = field(default_factory=list[float])

    def is_long(self, table: TokenTable) -> bool:
        if self.state < table.first_of_phones:
            return self.written >= self.most_letters
        return self.phones >= min(self.most_phones, self.letters + MORE_PHONES_THAN_LETTERS)

    def add(self, table: TokenTable, column: int, chance: float) -> None:
        self.phones += int(table.phones[self.state, column])
        self.letters += int(table.letters[self.state, column])
        self.written += int(table.n_bytes[column])
        self.state = int(table.following[self.state, column])
        self.tokens.append(int(table.columns[column]))
        self.chances.append(chance)


class AppendingTranscripts:
    """The answers about a few clips."""

    def __init__(
        self,
        table: TokenTable,
        choose: Choose,
        sequences: Continuation,
        opening: Sequence[int],
        durations_s: Sequence[float],
    ) -> None:
        """Begin with sequences that end with the opening; see `greedy.GreedyTranscripts.decode`."""
        self._table, self._choose, self._sequences = table, choose, sequences
        self._opening = list(opening)
        begun, written = table.walk(opening), table.bytes_of(opening)
        self._rows = [_Row(begun, written, most_letters(s), most_phones(s)) for s in durations_s]

    def decode(self) -> list[TokenSequence]:
        """Return the answers."""
        table = self._table
        while True:
            known = [len(row.tokens) for row in self._rows]
            for row, (column, chance) in zip(self._rows, self._next(), strict=True):
                if not table.is_whole[row.state]:
                    row.add(table, column, chance)
                    for fixed in table.fixed_after(row.state)[0]:
                        row.add(table, fixed, 1.0)
            if all(table.is_whole[row.state] for row in self._rows):
                break
            self._sequences.feed([row.tokens[n:] for row, n in zip(self._rows, known, strict=True)])
        opened = [1.0] * len(self._opening)
        return [TokenSequence([*self._opening, *r.tokens], [*opened, *r.chances]) for r in self._rows]

    def _next(self) -> list[tuple[int, float]]:
        device = self._sequences.device
        states = torch.tensor([row.state for row in self._rows], device=device)
        is_long = torch.tensor([row.is_long(self._table) for row in self._rows], device=device)
        column, chance = self._choose(self._sequences, states, is_long)
        found = cast("list[list[float]]", torch.stack([column.double(), chance.double()], dim=1).tolist())
        return [(int(place), probability) for place, probability in found]
