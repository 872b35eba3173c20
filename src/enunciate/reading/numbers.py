"""English number words: cardinals, ordinals, decimals and years, each in its usual form.

A few rules take the place of a library: the usual one, num2words, is LGPL, covers forty languages and gives
one form of each number, where a reader has several (`number_readings`).
"""

from __future__ import annotations

import re

NUMBER = re.compile(r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(\.[0-9]+)?(st|nd|rd|th|'?s)?", re.IGNORECASE)

UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split()
_SCALES = ((1_000_000_000, "billion"), (1_000_000, "million"), (1_000, "thousand"))
MAX_DIGITS = 12
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
        words += ["point", *spell_digits(fraction[1:])]
    if suffix in ("st", "nd", "rd", "th"):
        words[-1] = ordinal(words[-1])
    elif suffix:
        words[-1] = plural(words[-1])
    return words


def _whole(digits: str) -> list[str]:
    plain = digits.replace(",", "")
    if (len(plain) > 1 and plain[0] == "0") or len(plain) > MAX_DIGITS:
        return spell_digits(plain)
    value = int(plain)
    if plain == digits and (1100 <= value <= 1999 or 2010 <= value <= 2099):
        return _year(value)
    return cardinal(value)


def spell_digits(digits: str) -> list[str]:
    """Return the words of digits, one by one."""
    return [UNITS[int(digit)] for digit in digits]


def _year(value: int) -> list[str]:
    century, rest = divmod(value, 100)
    if rest == 0:
        return [*cardinal(century), "hundred"]
    return [*cardinal(century), *(["oh", UNITS[rest]] if rest < 10 else cardinal(rest))]


def cardinal(value: int, *, conjunction: bool = False) -> list[str]:
    """Return the words of a whole number below 10^12; with `conjunction`, as in "one hundred and one"."""
    for scale, name in _SCALES:
        if value >= scale:
            head, rest = divmod(value, scale)
            link = ["and"] * (conjunction and 0 < rest < 100)
            words = cardinal(rest, conjunction=conjunction) if rest else []
            return [*cardinal(head, conjunction=conjunction), name, *link, *words]
    if value >= 100:
        head, rest = divmod(value, 100)
        return [
            UNITS[head],
            "hundred",
            *(["and"] * (conjunction and rest > 0)),
            *(cardinal(rest) if rest else []),
        ]
    if value >= 20:
        head, rest = divmod(value, 10)
        return [_TENS[head], *([UNITS[rest]] if rest else [])]
    return [UNITS[value]]


def ordinal(word: str) -> str:
    """Return the ordinal of the last word of a number: "third" of "three"."""
    if word in _ORDINALS:
        return _ORDINALS[word]
    return word[:-1] + "ieth" if word.endswith("y") else word + "th"


def plural(word: str) -> str:
    """Return the plural of the last word of a number: "nineties" of "ninety"."""
    if word.endswith("y"):
        return word[:-1] + "ies"
    return word + ("es" if word.endswith("x") else "s")
