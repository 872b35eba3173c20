"""Decoded transcripts, without torch: how they begin, and how probable each of their phones is."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from string import ascii_lowercase

import numpy as np

from enunciate.speech_lm.decoding.decoded_answer import DecodedAnswer
from enunciate.speech_lm.decoding.slots import Tokenizes, Tokens, common_prefix
from enunciate.speech_lm.options import Task
from enunciate.speech_lm.targets import MddAnswer, parse, render

_PHONE = re.compile(rb"\s*\S+")
_PHONES = re.compile(rb'"phoneme_transcript"\s*:\s*"([^"]*)"')


@dataclass(frozen=True)
class TokenSequence:
    """The tokens of one answer, without the end token, and their probabilities."""

    tokens: list[int]
    probabilities: list[float]


def transcript_opening(tokenizer: Tokenizes) -> Tokens:
    """Return the tokens with which every transcript begins, whatever its first word."""
    answers = [MddAnswer(word_transcript=word, phoneme_transcript="") for word in ("", *ascii_lowercase)]
    return common_prefix(tokenizer, [render(answer) for answer in answers])


def read_decoded(
    task: Task, raw: str, decoded: TokenSequence, bytes_of: Callable[[int], bytes]
) -> DecodedAnswer:
    """Parse a decoded answer, with the probability of each phone if it is a transcript that parses.

    Args:
        task: The task.
        raw: The text of the tokens.
        decoded: The tokens and their probabilities.
        bytes_of: Returns the bytes that a token adds to the text.
    """
    answer = parse(task, raw)
    if not isinstance(answer, MddAnswer):
        return DecodedAnswer(answer, raw)
    pieces = [bytes_of(token) for token in decoded.tokens]
    probabilities = phone_probabilities(pieces, decoded.probabilities)
    return DecodedAnswer(
        answer, raw, None, probabilities if len(probabilities) == len(answer.phones) else None
    )


def phone_probabilities(pieces: Sequence[bytes], probabilities: Sequence[float]) -> tuple[float, ...]:
    """Return the probability of each phone of a transcript.

    A token counts for every phone that it overlaps; a phone includes the space in front of it.

    Args:
        pieces: The bytes of each token.
        probabilities: The probability of each token.
    """
    ends = np.cumsum([len(piece) for piece in pieces])
    transcript = _PHONES.search(b"".join(pieces))
    if transcript is None:
        return ()
    begin = transcript.start(1)
    spans = [(begin + phone.start(), begin + phone.end()) for phone in _PHONE.finditer(transcript[1])]
    if not spans:
        return ()
    first = np.searchsorted(ends, [start for start, _ in spans], side="right").tolist()
    last = np.searchsorted(ends, [end for _, end in spans], side="left").tolist()
    return tuple(prod(probabilities[a : b + 1]) for a, b in zip(first, last, strict=True))
