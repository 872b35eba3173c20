"""The words of a text in the form in which transcripts are compared."""

from __future__ import annotations

import re
import unicodedata
from typing import cast

from enunciate.phones.lexicon import normalise_apostrophes
from enunciate.reading.numbers import spell_number

_WORD = re.compile("[a-z]+(?:'[a-z]+)*|[0-9]+")


def plain_words(text: str) -> tuple[str, ...]:
    """Split a text into lower-case words without punctuation or accents, with numbers spelt out.

    >>> plain_words("Tom’s 2 cats (the well-fed ones)")
    ("tom's", 'two', 'cats', 'the', 'well', 'fed', 'ones')
    """
    decomposed = unicodedata.normalize("NFKD", normalise_apostrophes(text))
    letters = "".join(character for character in decomposed if not unicodedata.combining(character))
    tokens = cast("list[str]", _WORD.findall(letters.lower()))
    return tuple(
        word for token in tokens for word in (spell_number(token) if token[0].isdigit() else [token])
    )
