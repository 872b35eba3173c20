"""The canonical phones of a text in one cell, the words apart by a bar: `AY | TH IH NG K | S OW`."""

from __future__ import annotations

from collections.abc import Sequence

from enunciate.phones.inventory import parse_phones
from enunciate.schema import ReferenceWord

BAR = "|"


def words_with_phones(cell: str, text: str | None) -> tuple[ReferenceWord, ...]:
    """Return the words of a text with the phones of a cell.

    Without a text, or with one of another number of words, a word is named by its phones.

    >>> [(word.text, word.phones) for word in words_with_phones("AY | S OW", "I so")]
    [('I', ('AY',)), ('so', ('S', 'OW'))]

    Raises:
        PronunciationError: A phone is not ARPAbet, or a word has none.
    """
    phones = [parse_phones(word.split(), "'phones'") for word in cell.split(BAR)]
    texts = (text or "").split()
    if len(texts) != len(phones):
        texts = [" ".join(word) for word in phones]
    return tuple(ReferenceWord(text=text, phones=word) for text, word in zip(texts, phones, strict=True))


def cell_of_words(words: Sequence[ReferenceWord]) -> str:
    """Return the cell for words: the opposite of `words_with_phones`."""
    return f" {BAR} ".join(" ".join(word.phones) for word in words)
