"""Letter-to-sound: the likely pronunciations of a spelling that no dictionary has.

A joint n-gram model (Bisani and Ney, Speech Communication 2008): each letter stands for no phone, one or two,
and the pair is a token; the model gives the probability of a token after those before it. A beam search reads
the letters from left to right and keeps the likeliest token sequences. The model learnt from CMUdict
(`phones.training.letter_to_sound`). At this size it beats a small neural network, and it needs NumPy alone.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from enunciate.phones.inventory import is_vowel, strip_stress

LETTERS = "abcdefghijklmnopqrstuvwxyz"
END = "$"
"""Stands at the end of each spelling, for no phone."""
STEP = 0.06
"""The resolution, in natural-log units, at which log-probabilities fit a byte."""
BEAM = 40
LONGEST = 40
"""Letters; what is longer is no word."""

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Phones = tuple[str, ...]


@dataclass(frozen=True)
class Guess:
    """One pronunciation, with stress, and its probability among all that the search found."""

    phones: Phones
    probability: float


@dataclass(frozen=True)
class _Order:
    """The n-grams of one order, as a level of a trie."""

    tokens: Indices
    first_child: Indices
    """(n + 1,): the children of n-gram k are those from `first_child[k]` up to `first_child[k + 1]`."""
    costs: Floats
    backoffs: Floats


@dataclass(frozen=True)
class _Beam:
    """The likeliest beginnings of a token sequence, P of them, the likeliest first."""

    costs: Floats
    """(P,) negative logs of their probabilities."""
    contexts: Indices
    """(P, orders - 1): their contexts of each length as places in the trie, -1 for none."""
    tokens: Indices
    """(P, letters read): their tokens."""


class LetterToSound:
    """The model of a file that training wrote."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as arrays:
            table: list[tuple[str, list[str]]] = json.loads(bytes(arrays["vocabulary"]).decode("utf-8"))
            n_orders = sum(name.startswith("tokens_") for name in arrays.files)
            self._orders = [_order(arrays, k, n_orders) for k in range(1, n_orders + 1)]
        # A number for each n-gram of the longer orders, ascending: its parent and its last token.
        self._keys = [
            self._key(np.repeat(np.arange(len(order.tokens)), np.diff(order.first_child)), longer.tokens)
            for order, longer in pairwise(self._orders)
        ]
        self._phones: list[Phones] = [(), *(tuple(phones) for _, phones in table)]
        by_letter: dict[str, list[int]] = defaultdict(list)
        for token, (letter, _) in enumerate(table, start=1):
            by_letter[letter].append(token)
        self._candidates = {letter: np.array(tokens) for letter, tokens in by_letter.items()}

    def guess(self, spelling: str, n_best: int) -> list[Guess]:
        """Return pronunciations of a spelling, the likeliest first.

        Two that differ in stress alone count as one.

        Args:
            spelling: Letters from a to z, in any case; others are passed over.
            n_best: How many to return at most.

        Returns:
            None that lacks a vowel; empty for a spelling without letters, or one that is too long.
        """
        letters = [letter for letter in spelling.lower() if letter in LETTERS]
        if not letters or len(letters) > LONGEST:
            return []
        beam = _Beam(np.zeros(1), np.array([self._start()]), np.empty((1, 0), dtype=np.int64))
        for letter in (*letters, END):
            beam = self._extended(beam, self._candidates[letter])
        return self._read(beam)[:n_best]

    def _start(self) -> list[int]:
        """Return the contexts of nothing but token 0, which stands before each word."""
        contexts, place = list[int](), 0
        for order in self._orders[:-1]:
            contexts.append(place if len(order.tokens) and order.tokens[place] == 0 else -1)
            place = int(order.first_child[place])
        return contexts

    def _key(self, contexts: Indices, tokens: Indices) -> Indices:
        return contexts * len(self._orders[0].tokens) + tokens

    def _extended(self, beam: _Beam, candidates: Indices) -> _Beam:
        """Extend all beginnings by each of C candidate tokens, and keep the likeliest."""
        shape = (len(beam.costs), len(candidates))
        costs, places = (
            np.tile(self._orders[0].costs[candidates], (shape[0], 1)),
            [np.tile(candidates, (shape[0], 1))],
        )
        for context, order, longer, keys in zip(
            beam.contexts.T, self._orders, self._orders[1:], self._keys, strict=False
        ):
            known = context >= 0
            costs = costs + np.where(known, order.backoffs[context], 0)[:, None]
            wanted = self._key(context[:, None], candidates)
            where = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
            hit = (keys[where] == wanted) & known[:, None]
            places.append(np.where(hit, where, -1))
            costs = np.where(hit, longer.costs[where], costs)
        total = (beam.costs[:, None] + costs).ravel()
        best = np.argsort(total, kind="stable")[:BEAM]
        path, candidate = np.unravel_index(best, shape)
        contexts = np.stack(places[: beam.contexts.shape[1]], axis=2)[path, candidate]
        tokens = np.column_stack((beam.tokens[path], candidates[candidate]))
        return _Beam(total[best], contexts, tokens)

    def _read(self, beam: _Beam) -> list[Guess]:
        """Join the sequences that say the same."""
        shares: dict[Phones, float] = defaultdict(float)
        stressed: dict[Phones, Phones] = {}
        weights = np.exp(beam.costs[0] - beam.costs)
        sequences: list[list[int]] = beam.tokens.tolist()
        for tokens, weight in zip(sequences, weights, strict=True):
            phones = tuple(phone for token in tokens for phone in self._phones[token])
            bare = tuple(map(strip_stress, phones))
            if any(map(is_vowel, bare)):
                shares[bare] += float(weight)
                stressed.setdefault(bare, phones)
        total = sum(shares.values())
        ranked = sorted(shares, key=lambda bare: -shares[bare])
        return [Guess(stressed[bare], shares[bare] / total) for bare in ranked]


def _order(arrays: np.lib.npyio.NpzFile, k: int, n_orders: int) -> _Order:
    tokens = arrays[f"tokens_{k}"].astype(np.int64)
    costs = arrays[f"costs_{k}"] * STEP
    if k == n_orders:
        return _Order(tokens, np.zeros(len(tokens) + 1, dtype=np.int64), costs, np.zeros(len(tokens)))
    ends = np.cumsum(arrays[f"children_{k}"], dtype=np.int64)
    return _Order(tokens, np.concatenate(([0], ends)), costs, arrays[f"backoffs_{k}"] * STEP)


@cache
def packaged_letter_to_sound() -> LetterToSound:
    """Return the model that ships in the package."""
    return LetterToSound(Path(str(resources.files("enunciate.phones") / "data" / "letter_to_sound.npz")))
