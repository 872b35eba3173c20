"""Variants of connected speech: the pronunciations of the words of a text, where they stand.

The lexicon knows words as they are said alone. `spoken_variants` adds weak forms and what the rules of
`connected_speech` give, each with its kind, so that a good reading is not marked down for being fluent. The
order is kept: the usual pronunciation of a word stays the first.
"""

from __future__ import annotations

from collections.abc import Sequence

from enunciate.phones.connected_speech import RULES, Place, low_back_merger
from enunciate.phones.inventory import strip_stress
from enunciate.phones.pronunciation import Pronunciation, distinct
from enunciate.phones.weak_forms import WEAK_FORMS
from enunciate.schema import PronunciationKind

MOST = 8
"""Pronunciations of one word at most: the alignment's cost grows with them."""
FIXED: frozenset[PronunciationKind] = frozenset({"given", "guess", "reading"})
"""Kinds that get no variants: what a user gave is meant so, a guess is not refined, and the readings of
a number or the like are many already."""

Pronunciations = tuple[Pronunciation, ...]


def spoken_variants(
    pronunciations: Sequence[Pronunciations], words: Sequence[str], ends_phrase: Sequence[bool]
) -> list[Pronunciations]:
    """Add to the pronunciations of W words those of connected speech.

    Args:
        pronunciations: For each word those of the lexicon, at least one, the usual one first.
        words: The words as written.
        ends_phrase: Whether punctuation follows each word, which keeps it apart from the next.

    Returns:
        For each word its pronunciations, those of the lexicon first; no two have the same phones.
    """
    spoken: list[Pronunciations] = []
    for index, (known, word) in enumerate(zip(pronunciations, words, strict=True)):
        after = index + 1 < len(words) and not ends_phrase[index]
        before = index > 0 and not ends_phrase[index - 1]
        place = Place(
            word.lower(),
            strip_stress(pronunciations[index - 1][0].phones[-1]) if before else None,
            strip_stress(pronunciations[index + 1][0].phones[0]) if after else None,
        )
        spoken.append(known if known[0].kind in FIXED else _at(place, known))
    return spoken


def _at(place: Place, known: Pronunciations) -> Pronunciations:
    weak = (Pronunciation(form, "weak_form") for form in WEAK_FORMS.get(place.word, ()))
    found = list(distinct([*known, *weak]))
    for kind, rule in RULES:
        derived = [
            Pronunciation(new, old.kind if old.kind == "british" else kind)
            for old in found
            for new in rule(old.phones, place)
            if new and not (rule is low_back_merger and old.kind == "british")
        ]
        found = list(distinct([*found, *derived]))
    return tuple(found[:MOST])
