"""Probabilities of scores and phones, from the log-probabilities that a server gives for the tokens it chose.

The server says for each token of an answer how probable it was, and which others were likely in its place.
Where a score is written, those are the other scores.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from enunciate.schema import ASPECTS, Aspect
from enunciate.speech_lm.decoding.slots import Floats
from enunciate.speech_lm.targets import SCORES

if TYPE_CHECKING:
    from openai.types.chat.chat_completion_token_logprob import ChatCompletionTokenLogprob as ChosenToken
    from openai.types.chat.chat_completion_token_logprob import TopLogprob

HIGHEST = SCORES[-1]


def score_distributions(text: str, tokens: Sequence[ChosenToken]) -> dict[Aspect, Floats] | None:
    """Return (11,) probabilities of 0 to 10 for each aspect; None if the tokens do not tell.

    A tokenizer may cut 10 in two. A "1" that was chosen is then 10 by the probability of the "0" after it. Of
    a "1" that was not chosen the server does not say what would follow; it counts as 10 where the score that
    was chosen is over 5, and otherwise as 1.
    """
    starts = _starts(text, tokens)
    if starts is None:
        return None
    data = text.encode()
    found: dict[Aspect, Floats] = {}
    for aspect in ASPECTS:
        number = re.search(rb'"%s"\s*:\s*"?(\d+)' % aspect.encode(), data)
        distribution = None if number is None else _distribution(tokens, starts, number)
        if distribution is None:
            return None
        found[aspect] = distribution
    return found


def phone_probabilities(text: str, tokens: Sequence[ChosenToken]) -> tuple[float, ...] | None:
    """Return for each phone of a transcript the product of the probabilities of its tokens.

    A token that ends one phone and begins the next counts for both. None if the tokens do not tell.
    """
    starts = _starts(text, tokens)
    transcript = re.search(rb'"phoneme_transcript"\s*:\s*"([^"]*)"', text.encode())
    if starts is None or transcript is None:
        return None
    ends = [start + len(_bytes(token)) for start, token in zip(starts, tokens, strict=True)]
    offset = transcript.start(1)
    return tuple(
        math.exp(
            sum(
                token.logprob
                for token, start, end in zip(tokens, starts, ends, strict=True)
                if start < offset + phone.end() and end > offset + phone.start()
            )
        )
        for phone in re.finditer(rb"\S+", transcript[1])
    )


def _starts(text: str, tokens: Sequence[ChosenToken]) -> list[int] | None:
    """Return the place of each token in the bytes of a text; None if they do not spell it."""
    starts: list[int] = []
    spelled = b""
    for token in tokens:
        starts.append(len(spelled))
        spelled += _bytes(token)
    return starts if spelled.startswith(text.encode()) else None  # an end token may follow


def _distribution(
    tokens: Sequence[ChosenToken], starts: Sequence[int], number: re.Match[bytes]
) -> Floats | None:
    index = max(i for i, start in enumerate(starts) if start <= number.start(1))
    before = number.start(1) - starts[index]
    value, token = int(number[1]), tokens[index]
    masses = np.zeros(len(SCORES))
    alone = 0.0
    joined = False
    for text, probability in _ways(token).items():
        digits = _digits(text, _bytes(token)[:before])
        if digits is None or int(digits) > HIGHEST:
            continue
        joined |= digits == b"10"
        if text.strip().endswith(b"1") and digits == b"1":
            alone += probability
        else:
            masses[int(digits)] += probability
    masses += _of_a_lone_one(alone, joined, value, tokens[index:])
    return masses / masses.sum() if masses.sum() > 0 else None


def _of_a_lone_one(mass: float, joined: bool, value: int, rest: Sequence[ChosenToken]) -> Floats:
    """Return how the probability of a token that ends in "1" is shared by 1 and 10."""
    masses = np.zeros(len(SCORES))
    if joined:
        share = 0.0
    elif value in (1, HIGHEST) and len(rest) > 1:
        following = _ways(rest[1])
        zero = sum(chance for text, chance in following.items() if text.startswith(b"0"))
        share = zero / sum(following.values())
    else:
        share = float(value > HIGHEST // 2)
    masses[HIGHEST], masses[1] = mass * share, mass * (1 - share)
    return masses


def _ways(token: ChosenToken) -> Mapping[bytes, float]:
    """Return the probabilities of a token and of those in its place, by their bytes."""
    return {_bytes(one): math.exp(one.logprob) for one in (*token.top_logprobs, token)}


def _digits(text: bytes, before: bytes) -> bytes | None:
    """Return the number with which a token goes on after what precedes it; None if it is another text."""
    rest = text[len(before) :] if text.startswith(before) else text.lstrip() if not before.strip() else b""
    number = re.match(rb"\d+", rest)
    return number[0] if number else None


def _bytes(token: ChosenToken | TopLogprob) -> bytes:
    return token.token.encode() if token.bytes is None else bytes(token.bytes)
