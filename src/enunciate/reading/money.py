"""Amounts of money."""

from __future__ import annotations

import re

from enunciate.reading.alternatives import in_turn, joined
from enunciate.reading.currencies import CODE, PREFIX, SIGN, Currency, currency
from enunciate.reading.number_readings import decimals, one_by_one, quantities, whole_numbers
from enunciate.reading.numbers import cardinal
from enunciate.reading.rule import Found, Rule

_COINS = {"¢": ("cent", "cents"), "p": ("penny", "pence"), "c": ("cent", "cents")}
_SCALES = {
    "k": ["thousand", "K"], "thousand": ["thousand"], "m": ["million"], "mn": ["million"],
    "million": ["million"], "b": ["billion"], "bn": ["billion"], "billion": ["billion"], "tn": ["trillion"],
    "trillion": ["trillion"], "lakh": ["lakh"], "crore": ["crore"],
}  # fmt: skip
_SCALE = rf"(?:\s?(?P<scale>{'|'.join(sorted(_SCALES, key=len, reverse=True))})(?!\w))?"
_PARTS_OF_ONE = {"5": "a half", "25": "a quarter", "75": "three quarters"}
# A comma before one or two digits is that of a decimal, as much of Europe writes it.
_AMOUNT = (
    r"(?P<whole>[0-9]{1,3}(?:,[0-9]{2,3}){0,5},[0-9]{3}(?![0-9])|[0-9]+)?"
    r"(?:(?:\.(?=[0-9])|(?<=[0-9]),(?=[0-9]{1,2}(?![0-9])))(?P<part>[0-9]+))?"
)
_END = r"(?!\w|/[0-9])"


def _amount(money: Currency, whole: str, part: str, scale: str = "") -> list[str]:
    units = money.names(one=whole == "1" and not part)
    number = f"{whole}.{part}" if part else whole
    if scale:
        return _large(number, scale.lower(), units)
    in_all = joined(decimals(number) if part else [*quantities(whole), *whole_numbers(whole)], units)
    if len(part) != 2 or not money.coin:
        return ["a " + money.one, *in_all] if number == "1" else in_all
    if part == "00":
        return _amount(money, whole, "")
    small = " ".join(cardinal(int(part)))
    coins = joined(small, [money.coin if part == "01" else money.coins])
    if money.coins == "pence":
        coins.append(f"{small} p")
    if not whole.strip("0"):
        return [*coins, *joined(["zero", "no"], money.many, ["and", ""], coins), *in_all[:2]]
    notes = joined(quantities(whole), money.names(one=whole == "1"))
    if whole == "1":
        notes[1:1] = ["a " + money.one]
    bare = joined(quantities(whole), [small] if part[0] != "0" else one_by_one(part)[1::-1])
    full = joined(notes, ["and", ""], coins)
    return in_turn(full, joined(notes, small), bare, in_all[:1])


def _large(number: str, scale: str, units: list[str]) -> list[str]:
    """Return the readings of an amount of thousands or millions, as of $2.5m."""
    whole, _, part = number.partition(".")
    count = decimals(number) if part else quantities(whole)
    part_of_one = _PARTS_OF_ONE.get(part) if whole.strip("0") else None
    mixed = joined(quantities(whole)[:1], "and", part_of_one) if part_of_one else []
    short = joined(count[:2], scale.upper()) if scale in ("k", "m") else []
    return in_turn(joined(count, _SCALES[scale], units), joined(mixed, _SCALES[scale], units), short)


def _read(found: Found) -> list[str]:
    if not (found["whole"] or found["part"]):
        return []
    money = currency(found["sign"] or found["code"], found.match.groupdict().get("prefix") or "")
    readings = _amount(money, found["whole"], found["part"], found["scale"])
    if money.many == "yen":  # China writes its yuan with the same sign
        return in_turn(readings, [reading.replace("yen", "yuan") for reading in readings])
    return readings


def _range(found: Found) -> list[str]:
    money = currency(found["sign"], found["prefix"])
    first, second = decimals(found["first"]), decimals(found["second"])
    scale = _SCALES.get(found["scale"].lower(), [""])
    both = joined(first, "to", second, scale, money.many)
    found_as = in_turn(both, joined(first, money.many, "to", second, scale, money.many))
    if scale != [""] or "." not in found["first"] + found["second"]:
        return found_as
    first_amount, second_amount = (
        _amount(money, *found[name].partition(".")[::2]) for name in ("first", "second")
    )
    return in_turn(joined(first_amount[:4], "to", second_amount[:4]), found_as[:4])


def _coins(found: Found) -> list[str]:
    one, many = _COINS[found["coin"].lower()]
    return joined(
        quantities(found["whole"]), [one if found["whole"] == "1" else many, "p"][: 1 + (many == "pence")]
    )


_SIGN = rf"(?P<prefix>{PREFIX})?(?P<sign>{SIGN})"
_CODE = rf"(?-i:(?P<code>{CODE}))"
_DECIMAL = r"[0-9][0-9,]*(?:\.[0-9]+)?"
RULES = (
    Rule(
        "range of amounts",
        re.compile(
            rf"{_SIGN}(?P<first>{_DECIMAL})[-–—]{SIGN}?(?P<second>{_DECIMAL})"
            rf"{_SCALE}{_END}",
            re.IGNORECASE,
        ),
        _range,
        "It costs $5-10.",
        "it costs five to ten dollars",
    ),
    Rule(
        "money",
        re.compile(rf"(?:{_SIGN}|{_CODE}(?=\s?[0-9]))\s?{_AMOUNT}{_SCALE}{_END}", re.IGNORECASE),
        _read,
        "It costs $3.50.",
        "it costs three dollars and fifty cents",
    ),
    Rule(
        "money, sign last",
        re.compile(
            rf"(?P<whole>[0-9]+(?:,[0-9]+){{0,6}})(?:\.(?P<part>[0-9]+))?{_SCALE}\s?"
            rf"(?:(?P<sign>{SIGN})|{_CODE}){_END}"
        ),
        _read,
        "It costs 20 €.",
        "it costs twenty euros",
    ),
    Rule(
        "coins",
        re.compile(rf"(?P<whole>[0-9]+)(?P<coin>[¢pc]){_END}"),
        _coins,
        "It costs 50p.",
        "it costs fifty pence",
    ),
)
