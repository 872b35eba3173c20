"""What was to be said in a clip: words, and the ways in which each can be said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from enunciate.phones.inventory import strip_stress
from enunciate.phones.lexicon import Lexicon, Variants
from enunciate.phones.text import parse_text
from enunciate.schema import Utterance


@dataclass(frozen=True)
class Reference:
    """W words with their pronunciations, as phones without stress."""

    words: tuple[str, ...]
    variants: tuple[Variants, ...]
    """For each word its pronunciations, the usual one first; no two are the same."""


def read_reference(utterance: Utterance, lexicon: Lexicon) -> Reference | None:
    """The canonical phones of `utterance.words`, or else its text looked up; None where it has neither.

    Raises:
        TextError: the text is empty, holds no English word, or has words that are not in the lexicon.
    """
    if utterance.words is not None:
        words = [(word.text, (word.phones,)) for word in utterance.words]
    elif utterance.text is not None:
        words = [(word.text, word.variants) for word in parse_text(utterance.text, lexicon)]
    else:
        return None
    return Reference(tuple(text for text, _ in words), tuple(_distinct(variants) for _, variants in words))


def _distinct(variants: Iterable[Sequence[str]]) -> Variants:
    """Pronunciations that differ in more than stress."""
    return tuple(dict.fromkeys(tuple(map(strip_stress, variant)) for variant in variants))
