"""Amounts of money."""

from __future__ import annotations

import re

from enunciate.reading.alternatives import in_turn, joined
from enunciate.reading.number_readings import decimals, one_by_one, quantities, whole_numbers
from enunciate.reading.numbers import cardinal
from enunciate.reading.rule import Found, Rule

_CURRENCIES = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "€": ("euro", "euros", "cent", "cents"),
    "¥": ("yen", "yen", "", ""),
    "₹": ("rupee", "rupees", "", ""),
    "₩": ("won", "won", "", ""),
}
_CODES = {"usd": "$", "gbp": "£", "eur": "€", "jpy": "¥", "inr": "₹"}
_COINS = {"¢": ("cent", "cents"), "p": ("penny", "pence"), "c": ("cent", "cents")}
_SCALES = {
    "k": ["thousand", "K"], "thousand": ["thousand"], "m": ["million"], "mn": ["million"],
    "million": ["million"], "b": ["billion"], "bn": ["billion"], "billion": ["billion"], "tn": ["trillion"],
    "trillion": ["trillion"],
}  # fmt: skip
_SCALE = r"(?:\s?(?P<scale>k|thousand|mn?|million|bn?|billion|tn|trillion)(?!\w))?"
# A comma before one or two digits is that of a decimal, as much of Europe writes it.
_AMOUNT = (
    r"(?P<whole>[0-9]{1,3}(?:,[0-9]{2,3}){0,5},[0-9]{3}(?![0-9])|[0-9]+)?"
    r"(?:(?:\.(?=[0-9])|(?<=[0-9]),(?=[0-9]{1,2}(?![0-9])))(?P<part>[0-9]+))?"
)
_END = r"(?!\w|/[0-9])"


def _amount(sign: str, whole: str, part: str, scale: str = "") -> list[str]:
    one, many, cent, cents = _CURRENCIES[sign]
    units = [one] if whole == "1" and not part else [many, one]
    number = f"{whole}.{part}" if part else whole
    if scale:
        quantity = decimals(number) if part else quantities(whole)
        return joined(quantity, _SCALES[scale.lower()], units)
    in_all = joined(decimals(number) if part else [*quantities(whole), *whole_numbers(whole)], units)
    if len(part) != 2 or not cent:
        return ["a " + one, *in_all] if units == [one] else in_all
    if part == "00":
        return _amount(sign, whole, "")
    small = " ".join(cardinal(int(part)))
    coins = joined(small, [cent if part == "01" else cents])
    if sign == "£":
        coins.append(f"{small} p")
    if not whole.strip("0"):
        return [*coins, *joined(["zero", "no"], many, ["and", ""], coins), *in_all[:2]]
    notes = joined(quantities(whole), [one] if whole == "1" else [many, one])
    bare = joined(quantities(whole), [small] if part[0] != "0" else one_by_one(part)[1::-1])
    full = joined(notes, ["and", ""], coins)
    return in_turn(full, joined(notes, small), bare, in_all[:1])


def _read(found: Found) -> list[str]:
    if not (found["whole"] or found["part"]):
        return []
    return _amount(found["sign"], found["whole"], found["part"], found["scale"])


def _read_after(found: Found) -> list[str]:
    sign = found["sign"] or _CODES[found["code"].lower()]
    return _amount(sign, found["whole"], found["part"], found["scale"])


def _range(found: Found) -> list[str]:
    _, many, _, _ = _CURRENCIES[found["sign"]]
    first, second = decimals(found["first"]), decimals(found["second"])
    scale = _SCALES.get(found["scale"].lower(), [""])
    both = joined(first, "to", second, scale, many)
    found_as = in_turn(both, joined(first, many, "to", second, scale, many))
    if scale != [""] or "." not in found["first"] + found["second"]:
        return found_as
    amounts = (_amount(found["sign"], *found[name].partition(".")[::2]) for name in ("first", "second"))
    first_amount, second_amount = amounts
    return in_turn(joined(first_amount[:4], "to", second_amount[:4]), found_as[:4])


def _coins(found: Found) -> list[str]:
    one, many = _COINS[found["coin"].lower()]
    return joined(
        quantities(found["whole"]), [one if found["whole"] == "1" else many, "p"][: 1 + (many == "pence")]
    )


_SIGN = r"(?:(?:US|A|AU|C|NZ|HK)?(?P<sign>[$£€¥₹₩]))"
RULES = (
    Rule(
        "range of amounts",
        re.compile(
            rf"{_SIGN}(?P<first>[0-9][0-9,]*(?:\.[0-9]+)?)[-–—][$£€¥₹₩]?(?P<second>[0-9][0-9,]*(?:\.[0-9]+)?)"
            rf"{_SCALE}{_END}",
            re.IGNORECASE,
        ),
        _range,
        "It costs $5-10.",
        "it costs five to ten dollars",
    ),
    Rule(
        "money",
        re.compile(rf"{_SIGN}\s?{_AMOUNT}{_SCALE}{_END}", re.IGNORECASE),
        _read,
        "It costs $3.50.",
        "it costs three dollars and fifty cents",
    ),
    Rule(
        "money, sign last",
        re.compile(
            rf"(?P<whole>[0-9]+(?:,[0-9]+){{0,6}})(?:\.(?P<part>[0-9]+))?{_SCALE}\s?"
            rf"(?:(?P<sign>[$£€¥₹₩])|(?P<code>USD|GBP|EUR|JPY|INR)){_END}"
        ),
        _read_after,
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
