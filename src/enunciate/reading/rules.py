"""The table of rules, in the order in which they are tried."""

from __future__ import annotations

from enunciate.reading import abbreviations, addresses, dates, figures, letters, money, signs, times, units
from enunciate.reading.rule import Rule

RULES: tuple[Rule, ...] = (
    *addresses.RULES,
    *money.RULES,
    *dates.RULES,
    *times.RULES,
    *units.RULES,
    *figures.RULES,
    *abbreviations.RULES,
    *letters.RULES,
    *signs.RULES,
)
