"""The grammar of a transcript as a finite automaton over tokens: tables instead of a parser.

`grammar` defines which transcripts there are and when one is too long; this is the same for whole batches.
The regular expression has some hundred states, so for each of them and each token that may occur anywhere the
next state is computed once. A step of a batch is then one look-up, on any device, without Python per row.
Text that is fixed may only be cut into tokens as the tokenizer cuts it; any tokenization of the rest is
allowed, as in `grammar`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil, floor
from string import ascii_lowercase
from typing import cast

import numpy as np
import numpy.typing as npt

from enunciate.corpus.labels import HEARD_SYMBOLS, STARRED_PHONES
from enunciate.speech_lm.decoding.grammar import (
    EXTRA_LETTERS,
    EXTRA_PHONES,
    FORM,
    LETTERS_PER_S,
    PHONES_PER_S,
)
from enunciate.speech_lm.options import TargetConfig

FORBIDDEN = -1
"""The next state of a token that is not allowed."""
_QUOTE, _SPACE = ord('"'), ord(" ")

Ints = npt.NDArray[np.int64]


class _Bytes:
    """The automaton over the bytes of an answer."""

    def __init__(self, target: TargetConfig) -> None:
        self._rows: list[dict[int, int]] = []
        start = self._new()
        no_word = self._chain(start, FORM[0])
        self.word = word = self._new()
        apostrophe, after_word = self._new(), self._new()
        for letter in map(ord, ascii_lowercase):
            for state in (no_word, word, apostrophe, after_word):
                self._rows[state][letter] = word
        self._rows[word] |= {ord("'"): apostrophe, _SPACE: after_word}
        said = self._new()
        for state in (no_word, word):
            self._rows[state][_QUOTE] = said
        self.first_of_phones = len(self._rows) + len(FORM[1]) - 2
        no_phone = self._chain(said, FORM[1][1:])
        self.after_phone, closed = self._new(), self._new()
        self._rows[no_phone][_QUOTE] = closed
        for symbol in HEARD_SYMBOLS:
            if target.starred == "keep" or symbol not in STARRED_PHONES:
                end = self._chain(self.after_phone, symbol.encode())
                self._rows[end] |= {_SPACE: self.after_phone, _QUOTE: closed}
        self._rows[no_phone] |= self._rows[self.after_phone]
        self.whole = self._chain(closed, b"}")
        self.start = start

    def _new(self) -> int:
        self._rows.append({})
        return len(self._rows) - 1

    def _chain(self, state: int, text: bytes) -> int:
        """Return the state after a text, with new states where there are none yet."""
        for byte in text:
            if byte not in self._rows[state]:
                self._rows[state][byte] = self._new()
            state = self._rows[state][byte]
        return state

    def forced(self, state: int) -> bytes:
        """Return the text that must follow a state up to the first choice; often none."""
        text = bytearray()
        while len(self._rows[state]) == 1:
            ((byte, state),) = self._rows[state].items()
            text.append(byte)
        return bytes(text)

    @property
    def table(self) -> Ints:
        """(S + 1, 256) next states; the last one is the state of texts that are forbidden."""
        table = np.full((len(self._rows) + 1, 256), len(self._rows))
        for state, row in enumerate(self._rows):
            table[state, list(row.keys())] = list(row.values())
        return table


@dataclass(frozen=True, eq=False)
class TokenTable:
    """The automaton over tokens: S states, and C tokens that are allowed in some state."""

    columns: Ints
    """(C,) the tokens, in rising order; the end token is among them."""
    following: npt.NDArray[np.int16]
    """(S, C) the next state, or `FORBIDDEN`."""
    phones: npt.NDArray[np.int8]
    """(S, C) the phones that a token ends with the space after them."""
    letters: npt.NDArray[np.int8]
    """(S, C) the letters that a token adds to the words."""
    n_bytes: Ints
    """(C,) the bytes of each token."""
    closing: npt.NDArray[np.bool_]
    """(C,) whether a token begins with the quote at the end of words or phones."""
    first_of_phones: int
    """States from this one on are in the phones or behind them."""
    finished: int
    """The state after the end token, where only that token follows."""

    @cached_property
    def can_close(self) -> npt.NDArray[np.bool_]:
        """(S,) whether a closing token is allowed."""
        return (self.following[:, self.closing] != FORBIDDEN).any(axis=1)

    @cached_property
    def only_way(self) -> Ints:
        """(S,) the column of the one token that is allowed in a state, or `FORBIDDEN` if there are more."""
        allowed = self.following != FORBIDDEN
        return np.where(allowed.sum(axis=1) == 1, allowed.argmax(axis=1), FORBIDDEN)

    @cached_property
    def is_whole(self) -> npt.NDArray[np.bool_]:
        """(S,) whether an answer is complete: only the end token is allowed, or it has been written."""
        return self.only_way == self._end

    @property
    def _end(self) -> int:
        return int(np.flatnonzero(self.following[self.finished] != FORBIDDEN)[0])

    @property
    def end_token_id(self) -> int:
        """The token after a complete answer."""
        return int(self.columns[self._end])

    def fixed_after(self, state: int) -> tuple[list[int], int]:
        """Return the columns of the tokens that must follow a state, and the state then.

        The end token is not among them.
        """
        columns: list[int] = []
        while self.only_way[state] != FORBIDDEN and not self.is_whole[state]:
            columns.append(int(self.only_way[state]))
            state = int(self.following[state, columns[-1]])
        return columns, state

    def place_of(self, token: int) -> int:
        """Return the column of a token that is allowed somewhere."""
        return int(np.searchsorted(self.columns, token))

    def bytes_of(self, tokens: Sequence[int]) -> int:
        """Return the number of bytes of tokens."""
        return sum(int(self.n_bytes[self.place_of(token)]) for token in tokens)

    def walk(self, tokens: Sequence[int]) -> int:
        """Return the state after the first tokens of an answer."""
        state = 0
        for token in tokens:
            state = int(self.following[state, self.place_of(token)])
            assert state != FORBIDDEN, f"token {token} is not allowed"
        return state


def token_table(
    pieces: Sequence[bytes], end_token_id: int, target: TargetConfig, text_ids: Callable[[str], list[int]]
) -> TokenTable:
    """Compile the grammar for a vocabulary, which takes a fraction of a second.

    Args:
        pieces: The bytes of each token; what is no text, such as a special token, has bytes of no text.
        end_token_id: The token that may follow a complete answer.
        target: Whether there are starred phones.
        text_ids: Cuts a text into tokens.
    """
    automaton = _Bytes(target)
    table = automaton.table
    dead = len(table) - 1
    known = (table != dead).any(axis=0)
    usable = [
        token
        for token, piece in enumerate(pieces)
        if piece and token != end_token_id and known[[*piece]].all()
    ]
    lengths = np.array([len(pieces[token]) for token in usable])
    padded = np.zeros((len(usable), lengths.max()), np.int64)
    for row, token in enumerate(usable):
        padded[row, : lengths[row]] = [*pieces[token]]
    following = np.full((dead + 1, len(usable)), dead)
    phones = np.zeros((dead + 1, len(usable)), np.int8)
    letters = np.zeros_like(phones)
    for state in range(dead):
        chosen = np.flatnonzero(table[state, padded[:, 0]] != dead)
        now = np.full(len(chosen), state)
        for place in range(padded.shape[1]):
            now = table[now, padded[chosen, place]]
            going = now != dead
            chosen, now = chosen[going], now[going]
            phones[state, chosen] += now == automaton.after_phone
            letters[state, chosen] += now == automaton.word
            done = lengths[chosen] == place + 1
            following[state, chosen[done]] = now[done]
            chosen, now = chosen[~done], now[~done]
        text = automaton.forced(state)
        fixed = text_ids(text.decode())
        longer = (following[state] != dead) & (lengths > len(text))
        if len(fixed) > 1 or (fixed and not longer.any()):  # else it may be cut together with what follows
            following[state, np.array(usable) != fixed[0]] = dead
    allowed = (following[:dead] != dead).any(axis=0)
    columns = np.array(usable)[allowed]
    end = int(np.searchsorted(columns, end_token_id))
    following = np.insert(following[:, allowed], end, dead, axis=1)
    following[following == dead] = FORBIDDEN
    following[[automaton.whole, dead], end] = dead  # the state that was forbidden becomes the finished one
    columns = np.insert(columns, end, end_token_id)
    tokens = cast("list[int]", columns.tolist())
    return TokenTable(
        columns,
        following.astype(np.int16),
        np.insert(phones[:, allowed], end, 0, axis=1),
        np.insert(letters[:, allowed], end, 0, axis=1),
        np.array(
            [
                0 if token == end_token_id else len(pieces[token])
                for token in cast("list[int]", columns.tolist())
            ]
        ),
        np.array([pieces[token][:1] == b'"' and token != end_token_id for token in tokens]),
        automaton.first_of_phones,
        dead,
    )


def most_letters(duration_s: float) -> int:
    """Return the bytes of an answer about a clip, from which on its words must end."""
    return ceil(LETTERS_PER_S * duration_s + EXTRA_LETTERS) + len(FORM[0])


def most_phones(duration_s: float) -> int:
    """Return the finished phones of an answer about a clip, from which on the next is its last."""
    return floor(PHONES_PER_S * duration_s + EXTRA_PHONES)
