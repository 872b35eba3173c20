"""What was to be said in a clip: words, and the ways in which each can be said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from enunciate.phones.inventory import strip_stress
from enunciate.phones.lexicon import Lexicon, Variants
from enunciate.phones.text import TextWord, parse_text
from enunciate.schema import Utterance


@dataclass(frozen=True)
class Reference:
    """W words with their pronunciations, as phones without stress."""

    words: tuple[str, ...]
    variants: tuple[Variants, ...]
    """For each word its pronunciations, the usual one first; no two are the same."""
    stressed: tuple[Variants, ...]
    """The same pronunciations with the stress digits of the lexicon, where it has them."""
    ends_phrase: tuple[bool, ...]
    """For each word whether a punctuation mark follows it."""


def read_reference(utterance: Utterance, lexicon: Lexicon) -> Reference | None:
    """The canonical phones of `utterance.words`, or else its text looked up; None where it has neither.

    Raises:
        TextError: the text is empty, holds no English word, or has words that are not in the lexicon.
    """
    if utterance.words is not None:
        words = [TextWord(word.text, (word.phones,)) for word in utterance.words]
    elif utterance.text is not None:
        words = parse_text(utterance.text, lexicon)
    else:
        return None
    distinct = [_distinct(word.variants) for word in words]
    return Reference(
        words=tuple(word.text for word in words),
        variants=tuple(tuple(variants) for variants in distinct),
        stressed=tuple(tuple(variants.values()) for variants in distinct),
        ends_phrase=tuple(word.ends_phrase for word in words),
    )


def _distinct(variants: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Pronunciations that differ in more than stress, with the stress of the first of each."""
    distinct: dict[tuple[str, ...], tuple[str, ...]] = {}
    for variant in variants:
        distinct.setdefault(tuple(map(strip_stress, variant)), variant)
    return distinct
