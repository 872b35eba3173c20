"""Greedy decoding without a grammar: the text that a model writes by itself, which may not parse."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import cast

from enunciate.speech_lm.decoding.continuation import Continuation
from enunciate.speech_lm.decoding.grammar import LETTERS_PER_S, PHONES_PER_S
from enunciate.speech_lm.decoding.transcripts import TokenSequence

_TOKENS = 100
"""The tokens that an answer may have in addition to one for each letter and phone that can be said."""


def most_tokens(duration_s: float) -> int:
    """Return the most tokens of an answer about a clip."""
    return _TOKENS + round((LETTERS_PER_S + PHONES_PER_S) * duration_s)


def decode_freely(
    sequences: Continuation, limits: Sequence[int], ends: Collection[int]
) -> list[TokenSequence]:
    """Append the most likely token until every sequence has ended, or has as many tokens as it may.

    Args:
        sequences: Sequences that end with a prompt.
        limits: The most tokens of each answer.
        ends: The tokens that end an answer.
    """
    decoded = [TokenSequence([], []) for _ in limits]
    going = [True] * len(limits)
    while True:
        logits = sequences.logits()
        best, places = logits.max(dim=-1)
        probabilities = cast("list[float]", (best - logits.logsumexp(dim=-1)).exp().double().tolist())
        tokens = cast("list[int]", places.tolist())
        going = [still and token not in ends for still, token in zip(going, tokens, strict=True)]
        for row, token, probability, still in zip(decoded, tokens, probabilities, going, strict=True):
            if still:
                row.tokens.append(token)
                row.probabilities.append(probability)
        going = [s and len(w.tokens) < n for s, w, n in zip(going, decoded, limits, strict=True)]
        if not any(going):
            return decoded
        sequences.append(places)
