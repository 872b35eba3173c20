"""The pronunciations of a word that the lexicon lacks, by the surest way that gives any."""

from __future__ import annotations

from enunciate.phones.pronunciation import Pronunciation
from enunciate.phones.unknown.inflections import Lookup, inflected


def guess(word: str, lookup: Lookup) -> tuple[Pronunciation, ...]:
    """Return the pronunciations of an unknown word, the likeliest first.

    Args:
        word: As written.
        lookup: Gives the known pronunciations of a word.
    """
    return tuple(Pronunciation(phones) for phones in inflected(word.lower(), lookup))
