"""Signs that are read aloud."""

from __future__ import annotations

import re

from enunciate.reading.alternatives import joined
from enunciate.reading.number_readings import ordinals
from enunciate.reading.numbers import cardinal
from enunciate.reading.rule import Found, Rule
from enunciate.reading.units import UNITS, per_one

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
    "√": ["square root of", "the square root of", "root"],
    "∞": ["infinity"],
    "≠": ["is not equal to", "does not equal", "not equal to"],
    "≤": ["is less than or equal to", "less than or equal to"],
    "≥": ["is greater than or equal to", "greater than or equal to"],
    "≈": ["is about", "is approximately", "is approximately equal to", "about"],
    "♯": ["sharp"],
    "♭": ["flat"],
    "₩": ["won"],
    "$": ["dollar", "dollars"],
    "€": ["euro", "euros"],
    "£": ["pound", "pounds"],
}
_GREEK = dict(
    zip(
        "αβγδεζηθικλμνξοπρστυφχψω",
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau "
        "upsilon phi chi psi omega".split(),
        strict=True,
    )
)
GREEK_LETTER = re.compile(rf"[{''.join(_GREEK)}{''.join(_GREEK).upper()}](?![^\W\d_])(?<![^\W\d_].)")
"""A letter of Greek that is no part of a word."""
_BETWEEN = {
    "*": ["times", "multiplied by", "star"],
    "<": ["is less than", "less than"],
    ">": ["is greater than", "greater than"],
    "-": ["minus", "to"],
    "/": ["divided by", "over", "slash"],
    "^": ["to the power of", "to the"],
    "~": ["about", "approximately", "around", "roughly"],
    "#": ["number", "hashtag", "pound"],
}
_LONGEST_POWER = 6
"""Figures; those of a longer power are read one by one."""
_OPERAND_BEFORE = re.compile(r"(?:[0-9)]|(?<!\w)[a-z])\s?$", re.IGNORECASE)
_OPERAND_AFTER = re.compile(r"\s?-?[0-9(]|\s?[a-z](?!\w)", re.IGNORECASE)


def _between(found: Found) -> list[str]:
    if found.text in "#~":
        return _BETWEEN[found.text] if re.match("[0-9]", found.after) else []
    if found.text in "<>" and re.search(r"[a-z]\w*\s$", found.before) and re.match("[0-9]", found.after):
        return [*_BETWEEN[found.text], *(["under"] if found.text == "<" else ["more than", "over"])]
    if found.text == "/" and (per := _per(found)):
        return per
    spaced = found.before[-1:].isspace() == found.after[:1].isspace()
    if not (spaced and _OPERAND_BEFORE.search(found.before) and _OPERAND_AFTER.match(found.after)):
        return []
    if found.text in "-/" and not (found.before[-1:].isspace() and re.search(r"[0-9)]\s$", found.before)):
        return []
    return _BETWEEN[found.text]


def _per(found: Found) -> list[str]:
    """Read a stroke as in "$9.99/month" or "5 l/100 km"; units read their own, as in "$5/hr"."""
    word = re.match("[A-Za-z]{3,}", found.after)
    if word and word[0] not in UNITS and re.search(r"[0-9][pc¢]?$", found.before):
        return [*per_one(word[0].lower()), "slash"]
    if re.match("[0-9]", found.after) and re.search(r"[0-9]\s?[A-Za-z]{1,3}$", found.before):
        return ["per", "slash"]
    return []


def _either(found: Found) -> list[str]:
    first, second = found["first"], found["second"]
    if found.text.lower() == "and/or" or not (found.knows(first) and found.knows(second)):
        return []
    return joined(first.lower(), ["or", "", "slash", "and"], second.lower())


def _power(found: Found) -> list[str]:
    figures = found["power"].lstrip("-")
    minus = "minus " * found["power"].startswith("-")
    if len(figures) > _LONGEST_POWER:
        return [f"to the power of {minus}" + " ".join(word for one in figures for word in cardinal(int(one)))]
    number, rank = " ".join(cardinal(int(figures))), ordinals(int(figures))[0]
    named = {"2": ["squared"], "3": ["cubed"]}.get(found["power"], [])
    ranks = [f"to the {minus}{rank}", f"to the {minus}{rank} power"]
    return [*named, f"to the power of {minus}{number}", *ranks, f"to the {minus}{number}"]


def _star(found: Found) -> list[str]:
    return ["star", "asterisk"] if re.search(r"\w\S*[ \t]$", found.before) else []


RULES = (
    Rule(
        "either word",
        re.compile(r"(?P<first>[A-Za-z]{1,12})/(?P<second>[A-Za-z]{2,12})(?![\w/'@.-]*\w|/)"),
        _either,
        "Does he/she know?",
        "does he or she know",
    ),
    Rule(
        "power",
        re.compile(r"\^(?P<power>-?[0-9]+)(?!\w)"),
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
        "Greek letter",
        GREEK_LETTER,
        lambda found: [_GREEK[found.text.lower()]],
        "2π and Δ",
        "two pi and delta",
    ),
    Rule(
        "sign before or between figures",
        re.compile(r"[*<>\-/^~#]"),
        _between,
        "2 * 3 is #1",
        "two times three is number one",
    ),
    Rule(
        "star between words",
        re.compile(r"\*(?=[ \t]\w)"),
        _star,
        "A * means a note",
        "a star means a note",
    ),
)
