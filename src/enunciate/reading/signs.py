"""Signs that are read aloud."""

from __future__ import annotations

import re

from enunciate.reading.rule import Found, Rule

_ALWAYS = {
    "&": ["and", "ampersand"],
    "+": ["plus", "and"],
    "=": ["equals", "is equal to", "is"],
    "@": ["at"],
    "%": ["percent"],
    "±": ["plus or minus", "plus minus"],
    "÷": ["divided by", "over"],
    "×": ["times", "by"],
    "°": ["degrees"],
    "§": ["section"],
    "$": ["dollar", "dollars"],
    "€": ["euro", "euros"],
    "£": ["pound", "pounds"],
}
_BETWEEN = {
    "*": ["times", "multiplied by", "star"],
    "<": ["is less than", "less than"],
    ">": ["is greater than", "greater than"],
    "-": ["minus", "to"],
    "/": ["divided by", "over", "slash"],
    "^": ["to the power of", "to the"],
    "~": ["about"],
    "#": ["number", "hashtag", "pound"],
}
_OPERAND_BEFORE = re.compile(r"(?:[0-9)]|(?<!\w)[a-z])\s?$", re.IGNORECASE)
_OPERAND_AFTER = re.compile(r"\s?[0-9(]|\s?[a-z](?!\w)", re.IGNORECASE)


def _between(found: Found) -> list[str]:
    if found.text in "#~":
        return _BETWEEN[found.text] if re.match("[0-9]", found.after) else []
    spaced = found.before[-1:].isspace() == found.after[:1].isspace()
    if not (spaced and _OPERAND_BEFORE.search(found.before) and _OPERAND_AFTER.match(found.after)):
        return []
    if found.text in "-/" and not (found.before[-1:].isspace() and re.search(r"[0-9)]\s$", found.before)):
        return []
    return _BETWEEN[found.text]


def _power(found: Found) -> list[str]:
    return {"2": ["squared"], "3": ["cubed"]}[found["power"]]


RULES = (
    Rule(
        "power",
        re.compile(r"\^(?P<power>[23])(?!\w)"),
        _power,
        "3² is 9.",
        "three squared is nine",
    ),
    Rule(
        "sign",
        re.compile(f"[{re.escape(''.join(_ALWAYS))}]"),
        lambda found: _ALWAYS[found.text],
        "You & I",
        "you and i",
    ),
    Rule(
        "sign before or between figures",
        re.compile(r"[*<>\-/^~#]"),
        _between,
        "2 * 3 is #1",
        "two times three is number one",
    ),
)
