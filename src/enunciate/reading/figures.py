"""Numbers: fractions, ranges, percentages, telephone numbers, numbers of rooms, ordinals, decimals."""

from __future__ import annotations

import re

from enunciate.reading.alternatives import distinct, in_turn, joined
from enunciate.reading.dates import day_and_month, number_after_label
from enunciate.reading.number_readings import (
    cardinals,
    decimals,
    in_pairs,
    one_by_one,
    ordinals,
    whole_numbers,
)
from enunciate.reading.numbers import cardinal, ordinal, plural
from enunciate.reading.rule import NUMBER, Found, Rule, follows
from enunciate.reading.times import clock

_CLOCK = re.compile(r"(?:[01]?[0-9]|2[0-3])\.[0-5][0-9]")
_BEFORE_TIME = follows("at|by|before|after|until|till|from|since|the")
_AFTER_NUMBER = re.compile(r"[0-9]\s?$")
_MINUS = r"(?P<minus>(?<![\w.)%])[-\u2212]\s?)?"


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
        whole_numbers(found["second"])[0],
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


def _range(found: Found) -> list[str]:
    first, second = found["first"], found["second"]
    if re.match(r"\s?=", found.after):
        return joined(decimals(first), ["minus", "take away"], decimals(second))
    if _CLOCK.fullmatch(first) and _CLOCK.fullmatch(second):
        return in_turn(joined(_clock(first), ["to", "till", ""], _clock(second)), _numbers(found)[:6])
    return _numbers(found)


def _clock(digits: str) -> list[str]:
    hour, minute = digits.split(".")
    return clock(int(hour), int(minute))


def _numbers(found: Found) -> list[str]:
    first, second, sign = found["first"], found["second"], found["sign"]
    ends = decimals(second)
    if len(first) == 4 and len(second) == 2 and first.isdigit() and second.isdigit():
        ends = [
            ends[0] if second[0] != "0" else one_by_one(second)[1],
            *whole_numbers(first[:2] + second)[:2],
        ]
    percent = ["percent"] if sign else [""]
    both = joined(decimals(first)[:6], ["to", "", "through", "dash"], ends[:6], percent)
    return in_turn(both, joined(decimals(first)[:2], "percent to", ends[:2], percent)) if sign else both


def _percent(found: Found) -> list[str]:
    return joined(["minus", "negative"] if found["minus"] else "", decimals(found["number"]), "percent")


def _telephone(found: Found) -> list[str]:
    digits = found[0].lstrip("+")
    readings = one_by_one(digits) if len(digits) > 1 else cardinals(int(digits))
    hundreds = [f"{cardinal(int(digits[0]))[0]} hundred"] if re.fullmatch("[1-9]00", digits) else []
    pairs = in_pairs(digits) if len(digits) == 4 else []
    if found[0].startswith("+"):
        return joined(["plus", ""], readings)
    return distinct([*hundreds, *readings, *pairs])


def _ordinal(found: Found) -> list[str]:
    return ordinals(int(found["digits"].replace(",", "")))


def _version(found: Found) -> list[str]:
    parts = [whole_numbers(part)[:2] for part in found[0].split(".")]
    return distinct(
        reading
        for link in ("point", "dot", "")
        for reading in joined(*[piece for part in parts for piece in (link, part)][1:])[:4]
    )


def _dimensions(found: Found) -> list[str]:
    return joined(decimals(found["first"]), ["by", "times", "x"], decimals(found["second"]))


def _score(found: Found) -> list[str]:
    return joined(decimals(found["first"]), ["out of", "over", "slash"], decimals(found["second"]))


def _comma(found: Found) -> list[str]:
    whole, part = found["whole"], found["part"]
    return [*joined(decimals(f"{whole}.{part}")), *joined(decimals(whole), ["comma", ""], decimals(part))]


def _factorial(found: Found) -> list[str]:
    return joined(cardinals(int(found["number"])), "factorial")


def _number(found: Found) -> list[str]:
    if found["minus"]:
        return joined(["minus", "negative"], decimals(found["number"]))
    if _CLOCK.fullmatch(found["number"]) and _BEFORE_TIME.search(found.before):
        return in_turn(decimals(found["number"]), _clock(found["number"]))
    return decimals(found["number"])


_END = r"(?!\w|[.,:/][0-9])"
RULES = (
    Rule(
        "telephone number",
        re.compile(
            r"(?:\+[0-9]{1,3}[ -]?|1-)?(?:\([0-9]{2,5}\)\s?|[0-9]{3}[-. ](?=[0-9]{3}[-. ]))"
            r"[0-9]{3}[-. ][0-9]{4}(?![\w-])"
            r"|[0-9]{3}-(?:[0-9]{3}[1-9]|0[0-9]{3})(?![\w-])"
            r"|\+[0-9]{1,3}(?:[ -][0-9]{2,6}){2,4}(?![\w-])"
            r"|0[0-9]{2,4}[ -][0-9]{3,4}(?:[ -][0-9]{3,4})?(?![\w-])"
        ),
        _telephone,
        "Call 555-0199.",
        "call five five five oh one nine nine",
        each=re.compile(r"\+?[0-9]+"),
    ),
    Rule(
        "version",
        re.compile(r"[0-9]+(?:\.[0-9]+){2,5}(?!\w|\.[0-9])"),
        _version,
        "Version 3.5.1",
        "version three point five point one",
    ),
    Rule(
        "percentage",
        re.compile(rf"{_MINUS}(?P<number>{NUMBER})\s?%(?!\w)"),
        _percent,
        "I gave 100%.",
        "i gave one hundred percent",
    ),
    Rule(
        "fraction",
        re.compile(rf"{_MINUS}(?P<first>[0-9]{{1,4}})/(?P<second>[1-9][0-9]{{0,3}})(?![\w/]|\.[0-9])"),
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
    Rule(
        "factorial",
        re.compile(r"(?P<number>[0-9]{1,6})!(?=\s?[=+×÷*/)-])"),
        _factorial,
        "5! = 120",
        "five factorial equals one hundred twenty",
    ),
    Rule(
        "decimal comma",
        re.compile(r"(?<![\d.,])(?P<whole>[0-9]{1,3}),(?P<part>[0-9]{1,2})(?!\w|[.,:/-][0-9])"),
        _comma,
        "Pi is 3,14.",
        "pi is three point one four",
    ),
    Rule(
        "range",
        re.compile(rf"(?P<first>{NUMBER})[-–—](?P<second>{NUMBER})(?P<sign>%?)(?!\w|[-–—.][0-9])"),
        _range,
        "Read pages 10-12.",
        "read pages ten to twelve",
    ),
    Rule(
        "dimensions",
        re.compile(rf"(?P<first>{NUMBER})\s?[x×]\s?(?P<second>{NUMBER})(?!\w)"),
        _dimensions,
        "A 3x4 grid",
        "a three by four grid",
    ),
    Rule(
        "ordinal number",
        re.compile(r"(?P<digits>[0-9]+(?:,[0-9]{3})*)(?:st|nd|rd|th)(?!\w)", re.IGNORECASE),
        _ordinal,
        "My 21st birthday",
        "my twenty first birthday",
    ),
    Rule(
        "number of a room",
        re.compile(r"[0-9]{2,4}(?!\w|[.,:/][0-9])"),
        number_after_label,
        "Room 101",
        "room one oh one",
    ),
    Rule(
        "number",
        re.compile(rf"{_MINUS}(?P<number>{NUMBER}|(?<!\w)\.[0-9]+)(?!\w|/[0-9])"),
        _number,
        "It was -3.5 degrees.",
        "it was minus three point five degrees",
    ),
)
