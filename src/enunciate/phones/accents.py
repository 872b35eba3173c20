"""Sounds of other standard accents: what a reader of British English says for an American phone.

`british` gives whole pronunciations, for those who say that the reader's accent is British. Here it is one
phone and what was heard in its place, for readers whose accent nobody told.
"""

from __future__ import annotations

from collections.abc import Sequence

from enunciate.phones.british import has_bath_vowel
from enunciate.phones.inventory import is_vowel

_R_COLOURED = "ER0"
"""As in "over". The vowel of "nurse" keeps its colour without an r: "bird" is not "bud"."""
_DROPPED_R = ((), ("AH",))
"""An r before a consonant or a pause is lost, or leaves a schwa, as in "here"."""


def may_lack_r(canonical: Sequence[str], index: int) -> bool:
    """Whether the phone is an r, or a weak vowel with one, that readers of British English do not say.

    Args:
        canonical: The phones of a reading, those of all words.
        index: Which of them.
    """
    phone = canonical[index]
    if phone == _R_COLOURED:
        return True
    after = canonical[index + 1] if index + 1 < len(canonical) else ""
    return phone == "R" and index > 0 and is_vowel(canonical[index - 1]) and not (after and is_vowel(after))


def is_of_another_accent(word: str, canonical: Sequence[str], index: int, heard: Sequence[str]) -> bool:
    """Whether a phone was said as standard British English has it, where American English differs.

    An r that no vowel follows is lost ("park", "over"), and BATH has the vowel of "father" ("half").

    Args:
        word: The word of the phone, as written.
        canonical: The American phones of the reading, with stress.
        index: The phone.
        heard: The phones that were heard in its place.
    """
    phone, said = canonical[index], tuple(heard)
    if may_lack_r(canonical, index):
        return said in _DROPPED_R if phone == "R" else said == ("AH",)
    return phone in ("AE1", "AE2") and said == ("AA",) and has_bath_vowel(word)
