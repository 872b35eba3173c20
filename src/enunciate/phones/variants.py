"""Variants of connected speech: the pronunciations of the words of a text, where they stand.

The lexicon knows words as they are said alone. `spoken_variants` adds weak forms and what the rules of
`connected_speech` give, each with its kind, so that a good reading is not marked down for being fluent. The
order is kept: the usual pronunciation of a word stays the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from enunciate.phones.connected_speech import RULES, Place, final_stop, flapping, low_back_merger
from enunciate.phones.inventory import strip_stress
from enunciate.phones.pronunciation import Pronunciation, distinct
from enunciate.phones.weak_forms import WEAK_FORMS
from enunciate.schema import PronunciationKind

MOST = 8
"""Pronunciations of one word at most: the alignment's cost grows with them."""
FIXED: frozenset[PronunciationKind] = frozenset({"given", "guess"})
"""Kinds that get no variants: what a user gave is meant so, and a guess is not refined."""

_KEPT = 4_096
"""Words with their neighbours whose variants are kept: the usual words of texts come again and again."""

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
        if known[0].kind == "reading":
            spoken.append(_of_readings(place, known))
        else:
            spoken.append(known if known[0].kind in FIXED else _at(place, known))
    return spoken


@lru_cache(maxsize=_KEPT)
def _of_readings(place: Place, known: Pronunciations) -> Pronunciations:
    """Add taps ("eighty", "eight o'clock") and a last stop without release ("first street") to readings.

    There are many already, so that the other rules are left out.
    """
    found: list[Pronunciation] = []
    for one in known:
        last = (one.read_as or place.word).split()[-1]
        tapped = [replace(one, phones=phones) for phones in flapping(one.phones, replace(place, word=last))]
        found += [one, *tapped]
        for phones in final_stop(one.phones, replace(place, word=last)):
            lengths = (*one.lengths[:-1], one.lengths[-1] - 1) if one.lengths else ()
            found.append(replace(one, phones=phones, lengths=lengths))
    return distinct(found)


@lru_cache(maxsize=_KEPT)
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
