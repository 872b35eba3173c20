"""Respelling: how a word is said, in letters that a learner can read without knowing phonetic signs.

The letters are those of English spelling that are hardest to misread. Hyphens stand between syllables, and
the syllable with the primary stress is in capitals: "shyow-MING".
"""

from __future__ import annotations

from collections.abc import Sequence

from enunciate.phones.inventory import is_vowel, strip_stress
from enunciate.phones.syllables import Syllable

_TABLE = (
    "AA ah AE a AH uh AO aw AW ow AY igh B b CH ch D d DH dh EH e ER ur EY ay F f G g HH h IH i IY ee JH j "
    "K k L l M m N n NG ng OW oh OY oy P p R r S s SH sh T t TH th UH uu UW oo V v W w Y y Z z ZH zh"
).split()
_LETTERS: dict[str, str] = dict(zip(_TABLE[::2], _TABLE[1::2], strict=True))
_AT_THE_END = {"AE": "aa", "EH": "eh", "IH": "ih"}
"""Vowels that without a consonant after them would be read as the names of their letters."""
_BEFORE_R = {"AA": "a", "AO": "o", "EH": "ai", "IH": "ee"}


def respelling(parts: Sequence[Syllable]) -> str:
    """Return the respelling of the syllables of one word.

    >>> from enunciate.phones.syllables import syllables
    >>> respelling(syllables("T AH0 M EY1 T OW2".split()))
    'tuh-MAY-toh'
    """
    spelt = [_spelt([strip_stress(phone) for phone in part.phones]) for part in parts]
    if len(spelt) == 1:
        return spelt[0]
    return "-".join(
        letters.upper() if part.stress == 1 else letters for part, letters in zip(parts, spelt, strict=True)
    )


def _spelt(phones: Sequence[str]) -> str:
    return "".join(_letters(phones, index) for index in range(len(phones)))


def _letters(phones: Sequence[str], index: int) -> str:
    """Return the letters of one phone of a syllable, which depend on its neighbours."""
    phone, after = phones[index], phones[index + 1 : index + 2]
    if is_vowel(phone):
        if not after:
            return _AT_THE_END.get(phone, "eye" if phone == "AY" and index == 0 else _LETTERS[phone])
        if after == ["R"]:
            return _BEFORE_R.get(phone, _LETTERS[phone])
        return "eye" if phone == "AY" and index == 0 else _LETTERS[phone]
    # One S at the end of a syllable would be read as Z: "as".
    return "ss" if phone == "S" and not after and index and is_vowel(phones[index - 1]) else _LETTERS[phone]
