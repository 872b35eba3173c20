"""Fractions, and scores out of a whole."""

from __future__ import annotations

import re

from enunciate.reading.alternatives import distinct, joined
from enunciate.reading.dates import day_and_month
from enunciate.reading.number_readings import cardinals, decimals, whole_numbers
from enunciate.reading.numbers import cardinal, ordinal, plural
from enunciate.reading.rule import MINUS, NUMBER, Found, Rule

_AFTER_NUMBER = re.compile(r"[0-9]\s?$")


def _parts(numerator: int, denominator: int) -> list[str]:
    """Return the readings of a fraction as parts of a whole."""
    count = "" if numerator == 1 else " ".join(cardinal(numerator))
    words = cardinal(denominator)
    names = [" ".join([*words[:-1], ordinal(words[-1])])]
    if denominator == 2:
        names = ["half"] if numerator == 1 else ["halves"]
    elif denominator == 4:
        names = ["quarter", "fourth"]
    if numerator != 1 and denominator != 2:
        names = [plural(name) for name in names]
    if count:
        return joined(count, names)
    return joined(["one", "a", *([""] if denominator == 2 else [])], names)


def _fraction(found: Found) -> list[str]:
    if found["minus"]:
        return joined("minus", _parts(int(found["first"]), int(found["second"])))
    numerator, denominator = int(found["first"]), int(found["second"])
    whole = joined(
        " ".join(cardinal(numerator)),
        ["over", "out of", "", "slash", "divided by"],
        distinct([whole_numbers(found["second"])[0], *cardinals(denominator)]),
    )
    if not 2 <= denominator <= 1000 or numerator == 0:
        return whole
    parts = _parts(numerator, denominator)
    if numerator < denominator and _AFTER_NUMBER.search(found.before):
        return distinct(
            [f"and {part}" for part in reversed(parts[:2])] + [f"and {part}" for part in parts] + parts
        )
    dates = [
        reading
        for day, month in ((denominator, numerator), (numerator, denominator))
        if 1 <= day <= 31 and 1 <= month <= 12
        for reading in day_and_month(day, month)[:4]
    ]
    return (
        distinct([*parts, *whole, *dates])
        if denominator <= 12 or denominator % 10 == 0
        else distinct([*whole, *parts, *dates])
    )


def _score(found: Found) -> list[str]:
    return joined(decimals(found["first"]), ["out of", "over", "slash"], decimals(found["second"]))


RULES = (
    Rule(
        "fraction",
        re.compile(rf"{MINUS}(?P<first>[0-9]{{1,4}})/(?P<second>[1-9][0-9]{{0,3}})(?![\w/]|\.[0-9])"),
        _fraction,
        "Take 2 1/2 cups.",
        "take two and a half cups",
    ),
    Rule(
        "score",
        re.compile(rf"(?P<first>[0-9]+\.[0-9]+)/(?P<second>{NUMBER})(?![\w/])"),
        _score,
        "A score of 8.5/10",
        "a score of eight point five out of ten",
    ),
)
