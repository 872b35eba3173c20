"""Syllables of a pronunciation, by maximal onset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from enunciate.phones.inventory import is_vowel, stress_of, strip_stress

_TWO = (
    "P L|P R|P Y|B L|B R|B Y|T R|T W|D R|D W|K L|K R|K W|K Y|G L|G R|G W|F L|F R|F Y|V Y|TH R|TH W|SH R|HH Y|"
    "M Y|S P|S T|S K|S M|S N|S L|S W|S F"
)
_THREE = "S P L|S P R|S P Y|S T R|S K R|S K W|S K Y|S K L"
ONSETS = frozenset(tuple(onset.split()) for onset in f"{_TWO}|{_THREE}".split("|"))
"""Clusters with which a syllable of English can begin; any single consonant but NG can as well."""


@dataclass(frozen=True)
class Syllable:
    """One vowel and the consonants around it."""

    phones: tuple[str, ...]
    """With stress digits where the pronunciation has them."""
    stress: int | None
    """1 primary, 2 secondary, 0 none; None where the pronunciation does not say."""


def syllables(phones: Sequence[str]) -> list[Syllable]:
    """Split a pronunciation into syllables: consonants between vowels go to the later one where they can.

    A pronunciation without a vowel, such as "SH", is one syllable.

    >>> [" ".join(s.phones) for s in syllables("EH1 K S T R AH0".split())]
    ['EH1 K', 'S T R AH0']
    """
    vowels = [index for index, phone in enumerate(phones) if is_vowel(phone)]
    if not vowels:
        return [Syllable(tuple(phones), None)] if phones else []
    starts = [0]
    for before, vowel in pairwise(vowels):
        start = vowel
        while start - 1 > before and _can_begin(phones[start - 1 : vowel]):
            start -= 1
        starts.append(start)
    ends = [*starts[1:], len(phones)]
    return [
        Syllable(tuple(phones[start:end]), stress_of(phones[vowel]))
        for start, end, vowel in zip(starts, ends, vowels, strict=True)
    ]


def _can_begin(consonants: Sequence[str]) -> bool:
    bare = tuple(map(strip_stress, consonants))
    return bare != ("NG",) if len(bare) == 1 else bare in ONSETS
