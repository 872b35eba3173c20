"""Numbers: fractions, ranges, percentages, telephone numbers, numbers of rooms, ordinals, decimals."""

from __future__ import annotations

import re

from enunciate.reading.alternatives import distinct, in_turn, joined
from enunciate.reading.number_readings import (
    cardinals,
    decimals,
    one_by_one,
    ordinals,
    whole_numbers,
)
from enunciate.reading.rule import MINUS, NUMBER, Found, Rule, follows
from enunciate.reading.times import clock

_CLOCK = re.compile(r"(?:[01]?[0-9]|2[0-3])\.[0-5][0-9]")
_BEFORE_TIME = follows("at|by|before|after|until|till|from|since|the")


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
    both = joined(decimals(first)[:6], ["to", "", "through", "or", "dash"], ends[:6], percent)
    if "0" in (first, second) and len(first + second) <= 3:
        both = in_turn(both, [reading.replace("zero", "nil") for reading in both])
    return in_turn(both, joined(decimals(first)[:2], "percent to", ends[:2], percent)) if sign else both


def _percent(found: Found) -> list[str]:
    return joined(["minus", "negative"] if found["minus"] else "", decimals(found["number"]), "percent")


def _ordinal(found: Found) -> list[str]:
    return ordinals(int(found["digits"].replace(",", "")))


def _version(found: Found) -> list[str]:
    parts = [
        [*whole_numbers(part)[:2], *(["oh"] if part == "0" else [])] for part in found["parts"].split(".")
    ]
    numbers = distinct(
        reading
        for link in ("point", "dot", "")
        for reading in joined(*[piece for part in parts for piece in (link, part)][1:])[:6]
    )
    letter = ["version", "V"] if "." in found.text else ["V", "version"]
    return joined(letter, numbers) if found["letter"] else numbers


def _dimensions(found: Found) -> list[str]:
    return joined(decimals(found["first"]), ["by", "times", "x"], decimals(found["second"]))


def _comma(found: Found) -> list[str]:
    whole, part = found["whole"], found["part"]
    return [*joined(decimals(f"{whole}.{part}")), *joined(decimals(whole), ["comma", ""], decimals(part))]


def _factorial(found: Found) -> list[str]:
    return joined(cardinals(int(found["number"])), "factorial")


def _spaced(found: Found) -> list[str]:
    """Read "12 500" as one number, as two, and digit by digit, as a code would be."""
    parts = found.text.split()
    whole = cardinals(int("".join(parts)))
    apart = joined(*[whole_numbers(part)[:2] for part in parts])
    return in_turn(whole, apart, joined(*[one_by_one(part) for part in parts]))


def _or_more(found: Found) -> list[str]:
    return joined(decimals(found["number"]), ["plus", "and up", "or more", "and over", "or over"])


def _number(found: Found) -> list[str]:
    if found["ending"]:
        return (
            [reading + "'s" for reading in whole_numbers(found["number"])]
            if found["number"].isdigit()
            else []
        )
    if found["minus"]:
        return joined(["minus", "negative"], decimals(found["number"]))
    if _CLOCK.fullmatch(found["number"]) and _BEFORE_TIME.search(found.before):
        return in_turn(decimals(found["number"]), _clock(found["number"]))
    return decimals(found["number"])


_END = r"(?!\w|[.,:/][0-9])"
RULES = (
    Rule(
        "version",
        re.compile(
            r"(?:(?P<letter>[vV])(?=[0-9])|(?=[0-9]+(?:\.[0-9]+){2}))(?P<parts>[0-9]+(?:\.[0-9]+){0,5})(?!\w|\.[0-9])"
        ),
        _version,
        "Version 3.5.1",
        "version three point five point one",
    ),
    Rule(
        "percentage",
        re.compile(rf"{MINUS}(?P<number>{NUMBER})\s?%(?!\w)"),
        _percent,
        "I gave 100%.",
        "i gave one hundred percent",
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
        "number or more",
        re.compile(rf"(?P<number>{NUMBER})\+(?=[\s.,;:!?)]|$)(?!\s?[0-9(]|\s[a-zA-Z]\s?=)"),
        _or_more,
        "For ages 7+ only",
        "for ages seven and up only",
    ),
    Rule(
        "number with a space",
        re.compile(r"(?<![\w.,+)-])(?<![0-9+)] )[1-9][0-9]{0,2}(?: [0-9]{3}){1,3}(?![\w,]|[ .:/-][0-9])"),
        _spaced,
        "A city of 12 500 people",
        "a city of twelve thousand five hundred people",
    ),
    Rule(
        "number",
        re.compile(rf"{MINUS}(?P<number>{NUMBER}|(?<!\w)\.[0-9]+)(?P<ending>(?:'s)?)(?!\w|/[0-9])"),
        _number,
        "It was -3.5 degrees.",
        "it was minus three point five degrees",
    ),
)
