"""Telephone numbers, group by group."""

from __future__ import annotations

import re

from enunciate.reading.alternatives import distinct, joined
from enunciate.reading.number_readings import in_pairs, one_by_one
from enunciate.reading.numbers import cardinal
from enunciate.reading.rule import Found, Rule


def _group(found: Found) -> list[str]:
    digits = found[0].lstrip("+")
    readings = one_by_one(digits)
    if re.fullmatch("[1-9]00", digits):
        readings = [f"{cardinal(int(digits[0]))[0]} hundred", *readings]
    if len(digits) == 2 and digits[0] != "0":
        readings += [" ".join(cardinal(int(digits)))]
    if len(digits) == 4:
        readings += in_pairs(digits) or joined(one_by_one(digits[:2]), " ".join(cardinal(int(digits[2:]))))
    if found[0].startswith("+"):
        return joined(["plus", ""], readings)
    return distinct(readings)


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
        _group,
        "Call 555-0199.",
        "call five five five oh one nine nine",
        each=re.compile(r"\+?[0-9]+"),
    ),
)
