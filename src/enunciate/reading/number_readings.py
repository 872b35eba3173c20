"""The ways in which people read a number: as a quantity, as a year, in pairs, digit by digit."""

from __future__ import annotations

import re

from enunciate.reading.alternatives import distinct, joined
from enunciate.reading.numbers import (
    MAX_DIGITS,
    UNITS,
    cardinal,
    ordinal,
    plural,
    spell_digits,
    spell_number,
)

_SAME_DIGITS = re.compile(r"([0-9])\1{1,2}")
_TIMES = {2: "double", 3: "triple"}


def has_name(digits: str) -> bool:
    """Whether digits, with or without commas, are read as a quantity: no leading zero, and not too many."""
    plain = digits.replace(",", "")
    return len(plain) <= MAX_DIGITS and (plain == "0" or not plain.startswith("0"))


def cardinals(value: int) -> list[str]:
    """Return the readings of a quantity.

    >>> cardinals(101)
    ['one hundred one', 'one hundred and one', 'a hundred one', 'a hundred and one']
    """
    found = distinct(" ".join(cardinal(value, conjunction=conjunction)) for conjunction in (False, True))
    return found + ["a" + reading[3:] for reading in found if reading.startswith("one ")]


def quantities(digits: str) -> list[str]:
    """Return the readings of digits as a quantity, or one by one where they have no name."""
    if not has_name(digits):
        return one_by_one(digits.replace(",", ""))
    value = int(digits.replace(",", ""))
    hundreds, rest = divmod(value, 100)
    if 10 < hundreds < 100 and hundreds % 10 and rest == 0:
        return [*cardinals(value), f"{' '.join(cardinal(hundreds))} hundred"]
    return cardinals(value)


def years(value: int) -> list[str]:
    """Return the readings of a year.

    >>> years(2005)
    ['two thousand five', 'two thousand and five', 'twenty oh five']
    """
    century, rest = divmod(value, 100)
    quantity = [" ".join(cardinal(value, conjunction=conjunction)) for conjunction in (False, True)]
    if not 10 <= century <= 99:
        return distinct([*quantity, *in_pairs(str(value))])
    hundred = "" if century % 10 == 0 else f"{' '.join(cardinal(century))} hundred"
    hundreds = (
        [f"{hundred}{link}{' '.join(cardinal(rest))}" for link in (" ", " and ")] if hundred and rest else []
    )
    paired = in_pairs(str(value))
    return distinct(quantity + paired if 2000 <= value <= 2009 else paired + quantity + hundreds)


def in_pairs(digits: str) -> list[str]:
    """Return the reading of three or four digits in pairs: "four twenty", "twelve oh five"; else none."""
    if len(digits) not in (3, 4) or digits[0] == "0":
        return []
    head, rest = " ".join(cardinal(int(digits[:-2]))), int(digits[-2:])
    if rest == 0:
        return [] if len(digits) == 4 and digits[1] == "0" else [f"{head} hundred"]
    return [f"{head} {'oh ' * (rest < 10)}{' '.join(cardinal(rest))}"]


def one_by_one(digits: str) -> list[str]:
    """Return the readings of digits one by one.

    >>> one_by_one("007")
    ['zero zero seven', 'oh oh seven', 'double oh seven', 'double zero seven']
    """
    plain = " ".join(spell_digits(digits))
    doubled = _SAME_DIGITS.sub(lambda run: f" {_TIMES[len(run[0])]} {UNITS[int(run[1])]} ", digits)
    shorter = " ".join(
        word for part in doubled.split() for word in (spell_digits(part) if part.isdigit() else [part])
    )
    return distinct(reading for pair in ((plain, _oh(plain)), (_oh(shorter), shorter)) for reading in pair)


def _oh(reading: str) -> str:
    return reading.replace("zero", "oh")


def whole_numbers(digits: str) -> list[str]:
    """Return all readings of a whole number in a text, with or without commas."""
    if not has_name(digits):
        return one_by_one(digits.replace(",", ""))
    # A number with commas is no year, however they are placed.
    spelled = cardinal(int(digits.replace(",", ""))) if "," in digits else spell_number(digits)
    usual, found = " ".join(spelled), quantities(digits)
    if len(digits) == 4 and digits.isdigit():
        found = [*years(int(digits)), *found]
    if 3 <= len(digits) <= 6 and digits.isdigit():
        found = [*found, *in_pairs(digits), *one_by_one(digits)]
    return distinct([usual, *found])


def labels(digits: str) -> list[str]:
    """Return the readings of a number that is a name, as of a room: in pairs and one by one first."""
    ones = one_by_one(digits)
    return distinct([*in_pairs(digits), *ones[:2], *whole_numbers(digits), *ones])


def decimals(token: str) -> list[str]:
    """Return the readings of a number with or without a fraction, such as 1,234.5 or .5."""
    whole, point, fraction = token.partition(".")
    if not point:
        return whole_numbers(whole)
    after = one_by_one(fraction)[:2]
    if len(fraction) == 2 and fraction[0] != "0":
        after.append(" ".join(cardinal(int(fraction))))
    if whole.strip("0"):
        return joined(quantities(whole), "point", after)
    return joined(["zero", "", "oh", "nought"] if whole else ["", "zero"], "point", after)


def ordinals(value: int) -> list[str]:
    """Return the readings of an ordinal number: "one hundred first", "one hundred and first"."""
    return [" ".join([*words[:-1], ordinal(words[-1])]) for words in map(str.split, cardinals(value))]


def decades(digits: str) -> list[str]:
    """Return the readings of 1990s, 90s or 1800s, given without the s."""
    found = years(int(digits)) if len(digits) == 4 else whole_numbers(digits)
    return [" ".join([*words[:-1], plural(words[-1])]) for words in map(str.split, found)]
