"""The words of a reference text, in the reading that a transcript is closest to."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from enunciate.errors import TextError
from enunciate.phones.alignment import edit_distance
from enunciate.phones.lexicon import Lexicon
from enunciate.reading.plain_words import plain_words
from enunciate.reading.text import SpokenWords, read_tokens
from enunciate.reading.tokens import PLAIN_WORD

Words = tuple[str, ...]


def closest_words(text: str, transcript: Sequence[str]) -> Words:
    """Return the words of a text, with its numbers and signs in the readings that a transcript is closest to.

    >>> closest_words("It costs $3.50.", ["it", "costs", "three", "fifty"])
    ('it', 'costs', 'three', 'fifty')
    """
    tokens = _readings_of(text)
    chosen = [readings[0] for readings in tokens]
    for index, readings in enumerate(tokens):
        if len(readings) > 1:
            before = [word for words in chosen[:index] for word in words]
            after = [word for words in chosen[index + 1 :] for word in words]
            chosen[index] = min(
                readings, key=lambda words: edit_distance([*before, *words, *after], transcript)
            )
    return tuple(word for words in chosen for word in words)


@cache
def _spoken() -> SpokenWords:
    return SpokenWords(Lexicon.default())


def _readings_of(text: str) -> list[list[Words]]:
    """Return for each token the words of each of its readings, the usual one first."""
    try:
        tokens = read_tokens(text, _spoken())
    except TextError:
        return [[plain_words(text)]]
    return [
        [plain_words(token.text)]
        if token.kind == PLAIN_WORD
        else list(dict.fromkeys([*map(plain_words, token.readings), plain_words(token.text)]))
        for token in tokens
    ]
