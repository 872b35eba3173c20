"""Which letter of a word stands for which of its phones: an alignment by expectation maximisation.

Each letter stands for no phone, one, or two ("x": K S), in order. The probabilities of what a letter stands
for start even, and a few rounds of expectation maximisation over all words settle them (the model of
Bisani and Ney, Speech Communication 2008, with single letters). Words of the same numbers of letters and of
phones are computed together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

ROUNDS = 6
MOST_PHONES = 2
"""Phones of one letter at most."""
_FIRST_SHARE = (1.0, 1.0, 0.02)
"""How probable no phone, one, or two are at first."""


@dataclass
class _Batch:
    """B words of N letters and M phones."""

    rows: list[int]
    letters: Indices
    """(B, N)"""
    phones: Indices
    """(B, M)"""

    def codes(self, letter: int, end: int, size: int, n_phones: int) -> Indices:
        """(B,) which parameter a letter uses that stands for the `size` phones that end before `end`."""
        code = self.letters[:, letter] * 3 + size
        for back in range(MOST_PHONES):
            chosen = self.phones[:, end - 1 - back] if back < size else 0
            code = code * n_phones + chosen
        return code


def align_spellings(
    spellings: Sequence[Sequence[int]], pronunciations: Sequence[Sequence[int]], n_letters: int, n_phones: int
) -> list[list[tuple[int, ...]] | None]:
    """Align W words.

    Args:
        spellings: The letters of each word.
        pronunciations: The phones of each word.
        n_letters: Size of the alphabet.
        n_phones: Size of the phone set.

    Returns:
        For each word the phones of each letter; None where there are more phones than two for each letter.
    """
    batches = _batches(spellings, pronunciations)
    sizes = np.array(_FIRST_SHARE)[:, None]
    weights = np.tile(sizes, (n_letters, n_phones**MOST_PHONES)).reshape(-1)
    for _ in range(ROUNDS):
        counts = np.zeros_like(weights)
        for batch in batches:
            _expect(batch, weights, counts, n_phones)
        by_letter = counts.reshape(n_letters, -1)
        weights = (by_letter / np.maximum(by_letter.sum(axis=1, keepdims=True), 1e-12) + 1e-9).reshape(-1)
    aligned: list[list[tuple[int, ...]] | None] = [None] * len(spellings)
    for batch in batches:
        for row, sizes_of_row, phones in zip(
            batch.rows, _best_sizes(batch, weights, n_phones), batch.phones.tolist(), strict=True
        ):
            ends = np.cumsum(sizes_of_row).tolist()
            aligned[row] = [
                tuple(phones[end - size : end]) for end, size in zip(ends, sizes_of_row, strict=True)
            ]
    return aligned


def _batches(spellings: Sequence[Sequence[int]], pronunciations: Sequence[Sequence[int]]) -> list[_Batch]:
    rows: dict[tuple[int, int], list[int]] = defaultdict(list)
    for row, (letters, phones) in enumerate(zip(spellings, pronunciations, strict=True)):
        if len(phones) <= MOST_PHONES * len(letters):
            rows[len(letters), len(phones)].append(row)
    return [
        _Batch(
            chosen,
            np.array([spellings[row] for row in chosen], dtype=np.int64),
            np.array([pronunciations[row] for row in chosen], dtype=np.int64),
        )
        for chosen in rows.values()
    ]


def _expect(batch: _Batch, weights: Floats, counts: Floats, n_phones: int) -> None:
    """Add the expected uses of each parameter in the words of a batch."""
    n, m = batch.letters.shape[1], batch.phones.shape[1]
    forward = np.zeros((n + 1, m + 1, len(batch.rows)))
    backward = np.zeros_like(forward)
    forward[0, 0] = backward[n, m] = 1.0
    arcs = [
        (i, j, size, batch.codes(i, j, size, n_phones))
        for i in range(n)
        for j in range(m + 1)
        for size in range(min(j, MOST_PHONES) + 1)
    ]
    for i, j, size, code in arcs:
        forward[i + 1, j] += forward[i, j - size] * weights[code]
    for i, j, size, code in reversed(arcs):
        backward[i, j - size] += backward[i + 1, j] * weights[code]
    total = np.maximum(forward[n, m], 1e-300)
    for i, j, size, code in arcs:
        share = forward[i, j - size] * weights[code] * backward[i + 1, j] / total
        counts += np.bincount(code, share, minlength=len(counts))


def _best_sizes(batch: _Batch, weights: Floats, n_phones: int) -> list[list[int]]:
    """For each word, the number of phones of each letter on the most probable path."""
    n, m = batch.letters.shape[1], batch.phones.shape[1]
    best = np.full((n + 1, m + 1, len(batch.rows)), -np.inf)
    best[0, 0] = 0.0
    chosen = np.zeros((n, m + 1, len(batch.rows)), dtype=np.int64)
    logs = np.log(weights)
    for i in range(n):
        for j in range(m + 1):
            for size in range(min(j, MOST_PHONES) + 1):
                score = best[i, j - size] + logs[batch.codes(i, j, size, n_phones)]
                better = score > best[i + 1, j]
                best[i + 1, j][better] = score[better]
                chosen[i, j][better] = size
    words = np.arange(len(batch.rows))
    position = np.full(len(batch.rows), m)
    sizes = np.zeros((len(batch.rows), n), dtype=np.int64)
    for i in range(n - 1, -1, -1):
        sizes[:, i] = chosen[i, position, words]
        position -= sizes[:, i]
    return sizes.tolist()
