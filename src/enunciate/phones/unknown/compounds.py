"""Compounds of two known words ("woodcutters"), and names made of parts ("TikTok", "ChatGPT")."""

from __future__ import annotations

import re
from itertools import product

from enunciate.phones.lexicon import Variants
from enunciate.phones.unknown.inflections import Lookup

_SHORTEST_PART = 3
_PARTS = re.compile(r"[A-Z]{2,}(?=[A-Z][a-z])|[A-Z]{2,}|[A-Z]?[a-z]+|[A-Z]")
_MOST = 4
_A, _W = ("EY1",), ("D", "AH1", "B", "AH0", "L", "Y", "UW0")
_LONGEST_INITIALISM = 5


def compound(word: str, lookup: Lookup) -> Variants:
    """Return the pronunciations of a word in lower case as one known word after another.

    Of several splits the most even one is taken. The first part keeps its stress, the second has a secondary.
    """
    splits = range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1)
    for split in sorted(splits, key=lambda split: abs(len(word) - 2 * split)):
        first, second = lookup(word[:split]), lookup(word[split:])
        if first and second:
            return _join(first, second)
    return ()


def camel_parts(word: str) -> list[str]:
    """Split a word at the capitals inside it: "ChatGPT" gives "Chat" and "GPT"; one part if it has none."""
    return _PARTS.findall(word) if word.isascii() and word.isalpha() else [word]


def is_initialism(word: str) -> bool:
    """Whether a word may be said letter by letter: a few capitals."""
    return word.isupper() and len(word) <= _LONGEST_INITIALISM


def spelt_out(word: str, lookup: Lookup) -> Variants:
    """Return the names of the letters of a word; none if it has other characters."""
    names: list[str] = []
    for letter in word.lower():
        known = {"a": (_A,), "w": (_W,)}.get(letter) or (lookup(letter) if letter.isalpha() else ())
        if not known:
            return ()
        names += known[0]
    return (tuple(names),)


def join_parts(parts: list[Variants]) -> Variants:
    """Return the pronunciations of parts said one after another, the likeliest first."""
    joined = parts[0]
    for part in parts[1:]:
        joined = _join(joined, part)
    return joined


def _join(first: Variants, second: Variants) -> Variants:
    lowered = [tuple(phone.replace("1", "2") for phone in phones) for phones in second]
    pairs = sorted(product(enumerate(first), enumerate(lowered)), key=lambda pair: pair[0][0] + pair[1][0])
    return tuple((*before, *after) for (_, before), (_, after) in pairs)[:_MOST]
