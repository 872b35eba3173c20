"""A written text, cut into tokens with their readings by the table of rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from enunciate.errors import PronunciationError
from enunciate.phones.inventory import parse_phones
from enunciate.reading import abbreviations, dates, units
from enunciate.reading.alternatives import MOST, distinct
from enunciate.reading.emoticons import SILENT
from enunciate.reading.number_readings import whole_numbers
from enunciate.reading.rule import Found, Rule
from enunciate.reading.rules import RULES
from enunciate.reading.written import Written

PLAIN_WORD, GIVEN = "word", "given pronunciation"
"""Kinds of tokens that no rule makes."""


@dataclass(frozen=True)
class Token:
    """A stretch of the typed text that is read aloud."""

    text: str
    """As typed."""
    start: int
    """Index of its first character in the typed text."""
    end: int
    """One past its last character."""
    readings: tuple[str, ...]
    """Words as spoken, with spaces between them, the usual reading first; a capital is the name of a letter.
    One as written, for `PLAIN_WORD`."""
    kind: str
    """The name of the rule that read it, or `PLAIN_WORD` or `GIVEN`."""
    phones: tuple[str, ...] | None = None
    """The pronunciation, for `GIVEN`."""
    ends_phrase: bool = False
    """Whether a punctuation mark follows it, at which a reader may pause."""


Knows = Callable[[str], bool]

# A run starts after white space or a brace only: a try from each of its characters would be quadratic.
_INLINE = re.compile(r"(?<![^\s{}])([^\s{}]*)\{([^{}]*)\}")
_EASY = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)?(?=[\s,;!?)\"]|:(?!/)|\.(?:\s|$)|$)")
_RUN = re.compile(r"['-]*[^\W\d_](?:[^\W\d_]|['\u0300-\u036f-])*")
_PART = re.compile(r"(?:[^\W\d_]|['\u0300-\u036f])+")
_PHRASE_END = re.compile(r"[.,;:!?\u2026](?!\w)")
_MAY_END_A_SENTENCE = (
    "etc.",
    "a.m.",
    "p.m.",
    "u.s.",
    "inc.",
    "ltd.",
    "co.",
    "jr.",
    "sr.",
    "st.",
    "ave.",
    "rd.",
)
_SPECIAL = frozenset(
    {
        *abbreviations.WORDS,
        *dates.MONTHS,
        *dates.DAYS,
        *(symbol.lower() for symbol in units.UNITS),
        "no",
        "nos",
    }
)
"""Words, in lower case, that a rule may read in another way than the lexicon."""


def tokens(written: Written, knows: Knows) -> Iterator[Token]:
    """Yield the tokens of a text in order.

    Args:
        written: The text.
        knows: Whether the lexicon has a word, in any case.

    Raises:
        PronunciationError: Phones in braces are not ARPAbet, or braces do not match.
    """
    previous: Token | None = None
    previous_end = 0
    for token, start, end in _Scanner(written, knows).scan():
        if previous:
            yield _with_phrase_end(previous, written.plain, previous_end, start)
        previous, previous_end = token, end
    if previous:
        yield _with_phrase_end(previous, written.plain, previous_end, len(written.plain))


def _with_phrase_end(token: Token, text: str, start: int, end: int) -> Token:
    if token.text.endswith("."):
        rest = text[start : start + 2]
        last = not text[start:].strip() or (token.text.lower() in _MAY_END_A_SENTENCE and rest[1:].isupper())
        return replace(token, ends_phrase=True) if last else token
    return replace(token, ends_phrase=True) if _PHRASE_END.search(text, start, end + 1) else token


class _Scanner:
    def __init__(self, written: Written, knows: Knows) -> None:
        self._written, self._knows, self._text = written, knows, written.plain
        self._shouted = _is_shouted(written.plain)

    def scan(self) -> Iterator[tuple[Token, int, int]]:
        """Yield each token with its start and end in the plain text."""
        done = 0
        for match in _INLINE.finditer(self._text):
            start, end = _last_word(match)
            yield from self._segment(done, start)
            where = f"'{match[0]}'"
            if start == end:
                raise PronunciationError(
                    f"{where}: write the word right before the brace, as in tomato{{T AH ...}}"
                )
            phones = parse_phones(match[2].split(), where)
            token = self._token((self._text[start:end],), start, end, GIVEN)
            yield replace(token, phones=phones), start, match.end()
            done = match.end()
        yield from self._segment(done, len(self._text))

    def _segment(self, position: int, end: int) -> Iterator[tuple[Token, int, int]]:
        stray = re.compile("[{}]").search(self._text, position, end)
        if stray:
            around = self._text[position:end].strip()
            raise PronunciationError(f"a brace without its partner in '{shorten(around)}'")
        while position < end:
            if self._text[position].isspace():
                position += 1
                continue
            if silent := SILENT.match(self._text, position, end):
                position = silent.end()
                continue
            found = self._at(position, end)
            yield from found
            position = found[-1][2] if found else position + 1

    def _at(self, position: int, end: int) -> list[tuple[Token, int, int]]:
        """Return the tokens that begin at a position; none where nothing there is read."""
        easy = _EASY.match(self._text, position, end)
        if easy and self._is_plain(easy[0]):
            return [self._spanned((easy[0],), position, easy.end(), PLAIN_WORD)]
        for rule in RULES:
            match = rule.pattern.match(self._text, position, end)
            if match and match.end() > position:
                found = self._apply(rule, match)
                if found:
                    return found
        return self._word(position, end)

    def _is_plain(self, word: str) -> bool:
        if word.lower() in _SPECIAL or not self._knows(word):
            return False
        return (len(word) > 1 and (word.islower() or self._shouted or word[1:].islower())) or word in "aA"

    def _apply(self, rule: Rule, match: re.Match[str]) -> list[tuple[Token, int, int]]:
        parts = rule.each.finditer(self._text, match.start(), match.end()) if rule.each else [match]
        result: list[tuple[Token, int, int]] = []
        for part in parts:
            readings = rule.read(Found(part, self._shouted, self._knows))
            if not readings:
                return []
            result.append(
                self._spanned(tuple(distinct(readings)[:MOST]), part.start(), part.end(), rule.name)
            )
        return result

    def _word(self, position: int, end: int) -> list[tuple[Token, int, int]]:
        """Read a word as the lexicon has it: whole, or else part by part."""
        run = _RUN.match(self._text, position, end)
        if not run:
            return self._left_over(position, end)
        start, stop = _stripped(run)
        if not self._knows(run[0]) and "-" in self._text[start:stop]:
            parts = _PART.finditer(self._text, start, stop)
            return [token for part in parts for token in self._segment(part.start(), part.end())]
        return [self._spanned((run[0],), start, stop, PLAIN_WORD)]

    def _left_over(self, position: int, end: int) -> list[tuple[Token, int, int]]:
        """Read figures that no rule knows one run at a time; anything else is not read."""
        figures = re.compile("[0-9]+").match(self._text, position, end)
        if not figures:
            return []
        readings = tuple(whole_numbers(figures[0])[:MOST])
        return [self._spanned(readings, position, figures.end(), "number")]

    def _spanned(self, readings: tuple[str, ...], start: int, end: int, kind: str) -> tuple[Token, int, int]:
        return self._token(readings, start, end, kind), start, end

    def _token(self, readings: tuple[str, ...], start: int, end: int, kind: str) -> Token:
        first, last = self._written.span(start, end)
        return Token(self._written.typed[first:last], first, last, readings, kind)


def _is_shouted(text: str) -> bool:
    """Whether a text of at least two words is in capitals throughout."""
    return text.isupper() and len(re.findall(r"[^\W\d_]+", text)) > 1


def _last_word(match: re.Match[str]) -> tuple[int, int]:
    """Return where the word right before a brace is: in '("tomato{...}' that of 'tomato'."""
    text, start, end = match.string, match.end(1), match.end(1)
    while start > match.start(1) and (text[start - 1].isalnum() or text[start - 1] in "'-"):
        start -= 1
    while start < end and text[start] in "'-":
        start += 1
    while start < end and text[end - 1] in "'-":
        end -= 1
    return start, end


def _stripped(run: re.Match[str]) -> tuple[int, int]:
    """Return where a word is without the quotes and hyphens around it."""
    stem = run[0].strip("'-")
    start = run.start() + run[0].index(stem)
    return start, start + len(stem)


def shorten(text: str) -> str:
    """Return a text for a message, of at most 40 characters."""
    return text if len(text) <= 40 else text[:39] + "…"
