"""A written text in the plain characters that rules look for, and where each came from."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from enunciate.phones.lexicon import normalise_apostrophes
from enunciate.reading.separators import as_in_english

_CHARACTER = re.compile(
    "[^\u0300-\u036f\ufe0f\u20e3\u3099\u309a][\u0300-\u036f\ufe0f\u20e3\u3099\u309a]*", re.DOTALL
)
"""A character with the marks that belong to it."""
_PLAIN = str.maketrans(
    dict.fromkeys("\u2010\u2011", "-")
    | dict.fromkeys("\u2012\u2015", "–")
    | {
        "\u2212": "-",
        "\u2044": "/",
        "\u2033": '"',
        "\u201c": '"',
        "\u201d": '"',
    }
    | dict.fromkeys("\u2122\u00ae\u00a9", " ")
)

_RAISED_DIGITS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_RAISED_MINUS = "⁻"
_RAISED = frozenset(_RAISED_DIGITS + _RAISED_MINUS)
_NOTED = re.compile(
    r"(?:(?<![A-Za-z])(?!(?:inch|inches|foot|feet|yards?|miles?|met(?:er|re)s?)$)[A-Za-z]{4,}|[a-z][.,;:!?\"”’]{1,2})$",
    re.IGNORECASE,
)
"""Before the number of a note, which nobody reads aloud."""


@dataclass(frozen=True)
class Written:
    """A text made plain: without curly signs, ligatures, invisible characters and pictures."""

    typed: str
    plain: str
    starts: tuple[int, ...] | None
    """For each plain character the index of its own in `typed`; None where the two texts are the same."""
    ends: tuple[int, ...] | None
    """For each plain character the index one past its own."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where a stretch of the plain text, of at least one character, is in the typed text."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]


def make_plain(typed: str) -> Written:
    """Make a text plain.

    >>> make_plain("It’s ½ ☺").plain
    "It's  1/2  ☺"
    """
    if typed.isascii():
        plain = as_in_english(normalise_apostrophes(typed))
        return Written(typed, plain, None, None)
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for match in _CHARACTER.finditer(typed):
        is_raised = match[0] in _RAISED
        piece = _raised(typed, match.start()) if is_raised else _plain_character(match[0])
        pieces.append(piece)
        starts += [match.start()] * len(piece)
        ends += [match.end()] * len(piece)
    return Written(typed, as_in_english("".join(pieces)), tuple(starts), tuple(ends))


def _raised(typed: str, at: int) -> str:
    """Return a raised character of a text as part of a power, such as "^10 ", or of a note's number."""
    if _NOTED.search(typed[:at].rstrip(_RAISED_DIGITS)):
        return " "
    ends = typed[at + 1 : at + 2] not in {*_RAISED_DIGITS}
    if typed[at] == _RAISED_MINUS:
        return "-" if ends else "^-"
    begins = at == 0 or typed[at - 1] not in _RAISED
    return "^" * begins + str(_RAISED_DIGITS.index(typed[at])) + " " * ends


def _plain_character(character: str) -> str:
    if character.isascii():
        return "'" if character == "`" else character
    if "\ufe0f" in character:
        return " "  # a picture, such as a digit on a key
    if unicodedata.category(character[0]) == "Cf":
        return ""  # soft hyphens, joiners and other characters that are not seen
    plain = unicodedata.normalize("NFKC", normalise_apostrophes(character).translate(_PLAIN))
    plain = normalise_apostrophes(plain.translate(_PLAIN))
    return f" {plain} " if "/" in plain and len(plain) > 1 else plain
