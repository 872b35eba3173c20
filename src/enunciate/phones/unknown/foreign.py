"""What a word's letters, and the marks on them, ask for where they are plainly of another language.

These pronunciations stand beside those of the dictionary, which has "Qing" with K, "Zhou" with UW and "Huế"
as "hue".
"""

from __future__ import annotations

import re

from enunciate.phones.diacritics import strip_accents
from enunciate.phones.lexicon import Variants
from enunciate.phones.unknown.romanised import by_letters, pinyin
from enunciate.phones.unknown.spanish import spanish
from enunciate.phones.unknown.vietnamese import vietnamese

_PINYIN = re.compile(r"[a-z]*(?:zh|(?:^|(?<=[aeioung]))q(?:i|u(?:[en]?$|an))|^x[iu])[a-z]*")
_LETTERS = str.maketrans(
    dict.fromkeys("şšśș", "sh")
    | dict.fromkeys("çčć", "ch")
    | dict.fromkeys("žż", "zh")
    | dict.fromkeys("ńñ", "ny")
    | {"ț": "ts", "ğ": "", "ř": "rzh"}
)
"""Letters with marks, and the letters of English that sound like them."""


def foreign(word: str) -> Variants:
    """Return the pronunciations of a word as typed, if its letters are plainly of another language."""
    lower = word.lower()
    found = vietnamese(word)
    if _PINYIN.fullmatch(lower):
        found = (*found, *pinyin(lower))
    if lower.isascii():
        return found
    in_english = lower.translate(_LETTERS)
    return (
        found or spanish(word) or (by_letters(strip_accents(in_english))[:2] if in_english != lower else ())
    )
