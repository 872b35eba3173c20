"""An n-gram model of tokens with Kneser-Ney smoothing, as the trie that `phones.letter_to_sound` reads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from enunciate.phones.letter_to_sound import STEP

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


def estimate_ngrams(
    sentences: Sequence[Sequence[int]], n_tokens: int, order: int, least_counts: Sequence[int]
) -> dict[str, npt.NDArray[np.generic]]:
    """Estimate an interpolated Kneser-Ney model (Chen and Goodman 1999).

    Args:
        sentences: Sequences of tokens from 1; token 0 stands before the start of each.
        n_tokens: Size of the vocabulary with token 0.
        order: The longest n-grams.
        least_counts: For each order, the count under which an n-gram is left out.

    Returns:
        For each order k, from 1: `tokens_k` the last token of each n-gram, sorted by the n-gram before it and
        then by token; `children_k` how many longer n-grams begin with it; `costs_k` and `backoffs_k` its
        negative log-probability and the cost of backing off from it as a context, in units of `STEP`.
    """
    padded = [token for sentence in sentences for token in (*[0] * (order - 1), *sentence)]
    stream = np.array(padded, dtype=np.int64)
    real = np.flatnonzero(stream)
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    tables = _count(stream, real, n_tokens, order)
    lower = np.full(1, 1.0 / (n_tokens - 1))
    kept_parents, start_parent = np.array([0]), 0
    for k, (keys, raw, counts, suffix) in enumerate(tables, start=1):
        parent, token = np.divmod(keys, n_tokens)
        # Nothing but token 0 has no count, as it is never predicted, but it is the context of first tokens.
        start = (token == 0) & (parent == start_parent)
        start_parent = int(np.flatnonzero(start)[0])
        kept = (raw >= least_counts[k - 1]) & np.isin(parent, kept_parents) | start
        discount = _discount(counts[kept])
        n_parents = len(lower)
        totals = np.maximum(np.bincount(parent, counts, minlength=n_parents), 1.0)
        shares = np.where(kept, np.maximum(counts - discount, 0.0), 0.0) / totals[parent]
        left = np.clip(1.0 - np.bincount(parent, shares, minlength=n_parents), 1e-6, 1.0)
        probability = shares + left[parent] * (lower[suffix] if k > 1 else lower[0])
        if k > 1:
            arrays[f"backoffs_{k - 1}"] = _quantise(left[kept_parents])
            arrays[f"children_{k - 1}"] = np.bincount(parent[kept], minlength=n_parents)[kept_parents].astype(
                np.uint16
            )
        arrays[f"tokens_{k}"] = token[kept].astype(np.uint16)
        arrays[f"costs_{k}"] = _quantise(probability[kept])
        kept_parents, lower = np.flatnonzero(kept), probability
    return arrays


_Table = tuple[Indices, Indices, Indices, Indices]


def _count(stream: Indices, real: Indices, n_tokens: int, order: int) -> list[_Table]:
    """For each order the keys of the n-grams, two counts, and the number of each without its first token.

    A key is made of the number of the n-gram before the last token, and that token. The counts are how often
    the n-gram occurs, and after how many different tokens (at the highest order: how often again).
    """
    numbers = np.zeros(len(real), dtype=np.int64)
    prefix = np.zeros(len(stream), dtype=np.int64)
    all_numbers: list[Indices] = []
    tables: list[_Table] = []
    firsts: list[Indices] = []
    # The number of an n-gram that ends at a place of the stream; those of nothing but token 0 have one, too.
    ends = np.arange(len(stream))
    for k in range(1, order + 1):
        shifted = np.concatenate(([0], prefix[:-1])) if k > 1 else np.zeros(len(stream), dtype=np.int64)
        keys, numbers = np.unique(shifted * n_tokens + stream, return_inverse=True)
        raw = np.bincount(numbers[real], minlength=len(keys))
        first = np.full(len(keys), -1)
        first[numbers[::-1]] = ends[::-1]
        tables.append((keys, raw, raw, first))
        all_numbers.append(numbers)
        firsts.append(first)
        prefix = numbers
    finished: list[_Table] = []
    for k, (keys, raw, _, first) in enumerate(tables):
        suffix = all_numbers[k - 1][first] if k else np.zeros(len(keys), dtype=np.int64)
        if k + 1 < order:
            longer = firsts[k + 1]
            counted = np.isin(longer, longer[tables[k + 1][1] > 0])
            after = np.bincount(all_numbers[k][longer[counted]], minlength=len(keys))
            counts = np.where(raw > 0, np.maximum(after, 1), 0)
        else:
            counts = raw
        finished.append((keys, raw, counts, suffix))
    return finished


def _discount(counts: Indices) -> float:
    once, twice = int((counts == 1).sum()), int((counts == 2).sum())
    return once / (once + 2 * twice) if once else 0.5


def _quantise(probability: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    costs = np.round(-np.log(np.maximum(probability, 1e-9)) / STEP)
    return np.clip(costs, 0, 255).astype(np.uint8)
