"""The table of rules, in the order in which they are tried."""

from __future__ import annotations

from enunciate.reading import (
    abbreviations,
    addresses,
    dates,
    emoticons,
    figures,
    fractions,
    labels,
    letters,
    money,
    signs,
    sounds,
    telephones,
    times,
    units,
)
from enunciate.reading.rule import Rule

RULES: tuple[Rule, ...] = (
    *sounds.RULES,
    *emoticons.RULES,
    *addresses.RULES,
    *money.RULES,
    *dates.RULES,
    *times.RULES,
    *units.RULES,
    *telephones.RULES,
    *fractions.RULES,
    *labels.RULES,
    *figures.RULES,
    *abbreviations.RULES,
    *letters.RULES,
    *signs.RULES,
)
