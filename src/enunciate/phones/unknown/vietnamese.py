"""Vietnamese syllables, as good readers of English say them: by initial and rhyme, without tones."""

from __future__ import annotations

import re
import unicodedata

from enunciate.phones.inventory import is_vowel
from enunciate.phones.lexicon import Variants

_INITIALS = {
    "ngh": ("NG", "N"), "ng": ("NG", "N"), "nh": ("N Y", "N"), "ch": ("CH",), "tr": ("CH", "T R"),
    "th": ("T",), "ph": ("F",), "kh": ("K",), "gh": ("G",), "gi": ("Z", "JH"), "qu": ("K W",), "b": ("B",),
    "c": ("K",), "d": ("D", "Y"), "g": ("G",), "h": ("HH",), "k": ("K",), "l": ("L",), "m": ("M",),
    "n": ("N",), "p": ("P",), "r": ("R",), "s": ("S",), "t": ("T",), "v": ("V",), "x": ("S",), "": ("",),
}  # fmt: skip
_RHYMES = {
    "uyen": ("W IH N", "UW Y EH N"), "uynh": ("W IH N",), "uong": ("UW AO NG",), "ieng": ("IY EH NG",),
    "oang": ("W AA NG",), "uan": ("W AA N",), "uat": ("W AA T",), "oan": ("W AA N",), "oai": ("W AY",),
    "ien": ("IY EH N",), "iem": ("IY EH M",), "iet": ("IY EH T",), "ieu": ("Y UW",), "uoi": ("UW IY",),
    "anh": ("AE N", "AA N"), "inh": ("IH N",), "enh": ("EH N",), "ach": ("AA K",), "ich": ("IH K",),
    "ang": ("AA NG",), "ong": ("AO NG",), "ung": ("UH NG",), "eng": ("EH NG",), "yen": ("IY EH N",),
    "an": ("AA N", "AE N"), "en": ("EH N",), "in": ("IH N", "IY N"), "on": ("AA N", "OW N"), "un": ("UH N",),
    "am": ("AA M", "AE M"), "em": ("EH M",), "im": ("IH M",), "om": ("AA M", "OW M"), "um": ("UW M",),
    "ac": ("AA K",), "ec": ("EH K",), "oc": ("AA K", "AO K"), "uc": ("UH K", "UW K"), "at": ("AA T",),
    "et": ("EH T",), "it": ("IH T",), "ot": ("AA T",), "ut": ("UH T",), "ap": ("AA P",), "ep": ("EH P",),
    "ai": ("AY",), "ay": ("AY",), "ao": ("AW",), "au": ("AW",), "eo": ("EH OW",), "ia": ("IY AH",),
    "oa": ("W AA",), "oi": ("OY",), "ua": ("UW AH",), "ue": ("W EY",), "ui": ("UW IY",), "uy": ("W IY",),
    "a": ("AA",), "e": ("EH", "EY"), "i": ("IY",), "o": ("OW", "AO"), "u": ("UW",), "y": ("IY",),
}  # fmt: skip
_SYLLABLE = re.compile(
    "({})({})".format(*("|".join(sorted(table, key=len, reverse=True)) for table in (_INITIALS, _RHYMES)))
)
_SURE = re.compile("(?:ng|nh|kh)[a-z]+|(?:th|ph|h|tr)(?:uy|uynh|uyen|uong|oang)")
"""Syllables that no word of English has."""
_ON_VIETNAMESE_ONLY = frozenset("\u0309\u031b\u0323")
"""The hook, the horn and the dot below."""


def vietnamese(word: str) -> Variants:
    """Return the pronunciations of a word as typed, if its letters or their marks are plainly Vietnamese."""
    decomposed = unicodedata.normalize("NFD", word.lower().replace("đ", "d"))
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    marked = not _ON_VIETNAMESE_ONLY.isdisjoint(decomposed) or re.search(
        "[aeo][\u0302\u0306][\u0300\u0301\u0303]", decomposed
    )
    if not marked and not ("đ" in word.lower() or _SURE.fullmatch(plain)):
        return ()
    match = _SYLLABLE.fullmatch(plain)
    if not match:
        return ()
    found = (
        (*initial.split(), *(phone + "1" if is_vowel(phone) else phone for phone in rhyme.split()))
        for initial in _INITIALS[match[1]]
        for rhyme in _RHYMES[match[2]]
    )
    silent = (("W", "IH1", "N"),) if plain == "nguyen" else ()
    return (*silent, *found)
