"""English number words: cardinals, ordinals, decimals and years.

A few rules take the place of a library: the usual one is LGPL and covers forty languages.
"""

from __future__ import annotations

import re

NUMBER = re.compile(r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(\.[0-9]+)?(st|nd|rd|th|'?s)?", re.IGNORECASE)

_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split()
_SCALES = ((1_000_000_000, "billion"), (1_000_000, "million"), (1_000, "thousand"))
_MAX_DIGITS = 12
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}


def spell_number(token: str) -> list[str]:
    """Return the words of a token that `NUMBER` matches whole and that has a digit.

    A plain number from 1100 to 1999 and from 2010 to 2099 is read as a year. A number with a leading
    zero, or one too large to have a name here, is read digit by digit.

    >>> spell_number("25"), spell_number("3.5"), spell_number("21st")
    (['twenty', 'five'], ['three', 'point', 'five'], ['twenty', 'first'])
    """
    match = NUMBER.fullmatch(token)
    assert match is not None
    whole, fraction, suffix = match.group(1) or "", match.group(2) or "", (match.group(3) or "").lower()
    words = _whole(whole) if whole else []
    if fraction:
        words += ["point", *_digits(fraction[1:])]
    if suffix in ("st", "nd", "rd", "th"):
        words[-1] = _ordinal(words[-1])
    elif suffix:
        words[-1] = _plural(words[-1])
    return words


def _whole(digits: str) -> list[str]:
    plain = digits.replace(",", "")
    if (len(plain) > 1 and plain[0] == "0") or len(plain) > _MAX_DIGITS:
        return _digits(plain)
    value = int(plain)
    if plain == digits and (1100 <= value <= 1999 or 2010 <= value <= 2099):
        return _year(value)
    return _cardinal(value)


def _digits(digits: str) -> list[str]:
    return [_UNITS[int(digit)] for digit in digits]


def _year(value: int) -> list[str]:
    century, rest = divmod(value, 100)
    if rest == 0:
        return [*_cardinal(century), "hundred"]
    return [*_cardinal(century), *(["oh", _UNITS[rest]] if rest < 10 else _cardinal(rest))]


def _cardinal(value: int) -> list[str]:
    for scale, name in _SCALES:
        if value >= scale:
            head, rest = divmod(value, scale)
            return [*_cardinal(head), name, *(_cardinal(rest) if rest else [])]
    if value >= 100:
        head, rest = divmod(value, 100)
        return [_UNITS[head], "hundred", *(_cardinal(rest) if rest else [])]
    if value >= 20:
        head, rest = divmod(value, 10)
        return [_TENS[head], *([_UNITS[rest]] if rest else [])]
    return [_UNITS[value]]


def _ordinal(word: str) -> str:
    if word in _ORDINALS:
        return _ORDINALS[word]
    return word[:-1] + "ieth" if word.endswith("y") else word + "th"


def _plural(word: str) -> str:
    if word.endswith("y"):
        return word[:-1] + "ies"
    return word + ("es" if word.endswith("x") else "s")
