"""Numbers as other languages write them, with the separators of English in their place.

The texts stay as long as they were, so that the place of each character is known.
"""

from __future__ import annotations

import re

_MONEY = "[$£€¥₹₩]"
_AFTER = rf"(?=\s?(?:{_MONEY}|%|°|(?:km|cm|mm|kg|mg|m|g|l|ml|EUR|USD|GBP)(?!\w)))"
_BEFORE = rf"(?<=(?<!\w){_MONEY})"
_NO_FIGURE_BEFORE = r"(?<![\w.,+)])(?<![0-9+)] )(?<![0-9]-)"
_NO_FIGURE_AFTER = r"(?![\w,]|[ .-][0-9])"
_SPACED = r"[1-9][0-9]{0,2}(?: [0-9]{3}){1,3}(?:[.,][0-9]{1,2})?"
_MARKED = re.compile(
    # 1.000,50
    rf"(?<![\w.,])[1-9][0-9]{{0,2}}(?:\.[0-9]{{3}}){{1,3}},[0-9]{{1,2}}{_NO_FIGURE_AFTER}"
    # 1.250.000
    rf"|(?<![\w.,])[1-9][0-9]{{0,2}}(?:\.[0-9]{{3}}){{1,2}}\.000{_NO_FIGURE_AFTER}"
    # 1 000, 25 000, 149 600 000
    rf"|{_NO_FIGURE_BEFORE}[1-9][0-9]{{0,2}}(?: [0-9]{{3}}){{0,2}} 000(?:[.,][0-9]{{1,2}})?{_NO_FIGURE_AFTER}"
    # 12 500 km, € 12 500
    rf"|{_NO_FIGURE_BEFORE}{_SPACED}{_NO_FIGURE_AFTER}{_AFTER}|{_BEFORE}{_SPACED}{_NO_FIGURE_AFTER}"
    # 12,50 €, €12,50
    rf"|(?<![\w.,])[0-9]{{1,3}},[0-9]{{1,2}}{_NO_FIGURE_AFTER}{_AFTER}"
    rf"|{_BEFORE}[0-9]{{1,3}},[0-9]{{1,2}}{_NO_FIGURE_AFTER}"
)
_DECIMALS = re.compile("[.,](?=[0-9]{1,2}$)")


def as_in_english(text: str) -> str:
    """Return a text with commas between thousands and a dot before decimals, where others surely meant that.

    >>> as_in_english("1 000 or 1.000,50 or 12,50 €")
    '1,000 or 1,000.50 or 12.50 €'
    """
    return _MARKED.sub(_marked, text)


def _marked(match: re.Match[str]) -> str:
    decimals = _DECIMALS.search(match[0])
    whole = match[0][: decimals.start()] if decimals else match[0]
    part = match[0][decimals.end() :] if decimals else ""
    return re.sub("[ .]", ",", whole) + ("." + part if decimals else "")
