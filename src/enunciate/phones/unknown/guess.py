"""The pronunciations of a word that the lexicon lacks, by the surest way that gives any.

In this order: another spelling of a known word, or an inflection of one, which are as good as the lexicon and
not marked as guesses; then, all together as guesses, the parts of a name written with capitals inside, the
names of the letters, syllables of pinyin, two known words, what the letter-to-sound model says, and letters
of fixed sound for names from other languages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from enunciate.phones.diacritics import strip_accents
from enunciate.phones.inventory import strip_stress
from enunciate.phones.letter_to_sound import LONGEST, packaged_letter_to_sound
from enunciate.phones.lexicon import Variants
from enunciate.phones.pronunciation import Pronunciation, distinct
from enunciate.phones.unknown.compounds import camel_parts, compound, is_initialism, join_parts, spelt_out
from enunciate.phones.unknown.foreign import foreign
from enunciate.phones.unknown.inflections import Lookup, inflected, past_ending, plural_ending
from enunciate.phones.unknown.romanised import by_letters, is_pinyin_like, pinyin
from enunciate.phones.unknown.spanish import spanish
from enunciate.phones.unknown.spelling import respelt
from enunciate.phones.well_known_names import well_known_name

MOST_GUESSES = 8
_FROM_OTHER_LANGUAGES = 4
_LEAST_FROM_MODEL = 5
_SHORTEST_SURE = 6
"""Letters: a shorter word may seem an inflection by chance ("vest")."""
_LETTERS_ONLY = re.compile("[^a-zA-Z]")


def guess(word: str, lookup: Lookup) -> tuple[Pronunciation, ...]:
    """Return the pronunciations of an unknown word, the likeliest first.

    Args:
        word: As written, without the punctuation around it; capitals tell names and letters from words.
        lookup: Gives the known pronunciations of a word.

    Returns:
        None only for a word without a letter from a to z, or with more letters than a word has.
    """
    if len(word) > LONGEST:
        return ()
    lower = strip_accents(word).lower()
    sure, likely = well_known_name(lower) or respelt(lower, lookup), _inflected(lower, lookup)
    if len(word) >= _SHORTEST_SURE:
        sure = sure or likely
    if sure:
        return distinct(Pronunciation(phones) for phones in sure)
    ways = (*likely, *_guesses(word, lookup))
    other = foreign(word)[:_FROM_OTHER_LANGUAGES]
    guesses = distinct(Pronunciation(phones, "guess", guessed=True) for phones in (*other, *ways) if phones)
    return guesses[: MOST_GUESSES + len(other)]


@lru_cache(maxsize=4096)
def _by_model(letters: str) -> Variants:
    """Return the guesses of the letter-to-sound model, which needs some milliseconds for a word."""
    return tuple(guess.phones for guess in packaged_letter_to_sound().guess(letters, MOST_GUESSES))


def _inflected(word: str, lookup: Lookup) -> Variants:
    """Return the pronunciations of a word by its stem, which may itself be respelt or inflected."""

    def known_or_respelt(stem: str) -> Variants:
        return lookup(stem) or respelt(stem, lookup)

    def known_or_inflected(stem: str) -> Variants:
        return known_or_respelt(stem) or (inflected(stem, known_or_respelt) if len(stem) > 3 else ())

    return inflected(word, known_or_inflected)


def _guesses(word: str, lookup: Lookup) -> Iterator[tuple[str, ...]]:
    if "'" in word:
        yield from _with_ending(word, lookup)
        return
    plain = _LETTERS_ONLY.sub("", strip_accents(word))
    parts = camel_parts(plain)
    if len(parts) > 1 and not plain.isupper():
        yield from join_parts([_part(part, lookup) for part in parts])
    lower = plain.lower()
    if plain and is_initialism(plain):
        yield from spelt_out(plain, lookup)
    if is_pinyin_like(lower):
        yield from pinyin(lower)
    guesses = _by_model(lower)
    joined = compound(lower, lambda part: lookup(part) or inflected(part, lookup))
    sounds = {tuple(map(strip_stress, phones)) for phones in guesses}
    yield from (phones for phones in joined if tuple(map(strip_stress, phones)) in sounds)
    yield from guesses[:1]
    yield from joined[:2]
    yield from guesses[1:_LEAST_FROM_MODEL]
    yield from pinyin(lower)
    yield from spanish(lower)[:1]
    yield from by_letters(lower)[:1]
    yield from guesses[_LEAST_FROM_MODEL:]
    yield from spelt_out(plain, lookup)


def _part(part: str, lookup: Lookup) -> Variants:
    """Return the pronunciations of a part between capitals: a word, letters, or the best guesses."""
    if part.isupper() or len(part) == 1:
        as_word = lookup(part) if len(part) > 2 else ()
        return (*as_word[:1], *spelt_out(part, lookup))
    known = lookup(part) or respelt(part.lower(), lookup)
    return known or _by_model(part.lower())[:3]


def _with_ending(word: str, lookup: Lookup) -> Iterator[tuple[str, ...]]:
    """Yield the guesses of a word with an apostrophe: those of what is before it, with what is after it."""
    base, _, ending = word.rpartition("'")
    for pronunciation in guess(base, lookup) if base else ():
        phones = pronunciation.phones
        if ending.lower() == "s":
            yield (*phones, *plural_ending(phones[-1]))
        elif ending.lower() == "d":
            yield (*phones, *past_ending(phones[-1]))
        else:
            after = lookup(ending) or _by_model(ending.lower())[:1]
            yield (*phones, *(after[0] if after else ()))
