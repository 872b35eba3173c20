"""What a rule of reading is: a pattern, the readings of what it finds, and an example."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

NUMBER = r"[0-9]+(?:,[0-9]{3}){0,6}(?:\.[0-9]+)?"
"""A whole or decimal number, with or without commas between thousands."""
MINUS = r"(?P<minus>(?<![\w.)%])[-\u2212]\s?)?"
"""A sign before a number, as the group `minus`."""
_BEFORE = 32


@dataclass(frozen=True)
class Found:
    """A stretch of text that the pattern of a rule found."""

    match: re.Match[str]
    shouted: bool
    """Whether the whole text is in capitals, which then say nothing about a word."""
    knows: Callable[[str], bool]
    """Whether the lexicon has a word."""

    def __getitem__(self, group: str | int) -> str:
        """Return a group of the match, empty where it took no part."""
        return self.match[group] or ""

    @property
    def text(self) -> str:
        """What was found."""
        return self.match[0]

    @property
    def before(self) -> str:
        """The text right before it, at most 32 characters."""
        return self.match.string[max(0, self.match.start() - _BEFORE) : self.match.start()]

    @property
    def after(self) -> str:
        """The text right after it, at most 32 characters."""
        return self.match.string[self.match.end() : self.match.end() + _BEFORE]


@dataclass(frozen=True)
class Rule:
    """One line of the table of rules."""

    name: str
    pattern: re.Pattern[str]
    read: Callable[[Found], Sequence[str]]
    """Its readings, the usual one first; none where the rule does not apply after all."""
    example: str
    """A text that the rule reads."""
    reading: str
    """One of the readings of the whole example."""
    each: re.Pattern[str] | None = None
    """Cuts what was found into tokens, of which each is read alone."""


def follows(word_pattern: str) -> re.Pattern[str]:
    """Compile a pattern for `Found.before` that wants one of these words, and a space, at its end."""
    return re.compile(rf"(?<!\w)(?:{word_pattern})\.?\s$", re.IGNORECASE)
