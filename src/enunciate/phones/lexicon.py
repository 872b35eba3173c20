"""Pronunciations of words: CMUdict, and a user's own, which take precedence.

CMUdict ships as one compressed file of sorted lines, which is searched as bytes by bisection: parsing its
135,000 lines into a dictionary would take longer than assessing a clip.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from itertools import groupby
from pathlib import Path

from enunciate.errors import PronunciationError
from enunciate.phones.inventory import parse_phones
from enunciate.phones.pronunciation import Pronunciation
from enunciate.schema import Accent

Variants = tuple[tuple[str, ...], ...]
"""The pronunciations of one word, each a tuple of phones; the usual one first."""

_VARIANT_NUMBER = re.compile(r"\(\d+\)$")
_APOSTROPHES = str.maketrans(dict.fromkeys("\u2018\u2019\u02bc\u2032\uff07`\u00b4", "'"))


def normalise_apostrophes(text: str) -> str:
    """Replace curly apostrophes, primes and accents used as apostrophes by the plain one."""
    return text.translate(_APOSTROPHES)


class Lexicon:
    """A dictionary of pronunciations; words are found in any case.

    `Lexicon.default()` is CMUdict; `with_file` adds a user's words, which take precedence.
    """

    def __init__(
        self, sorted_lines: bytes, overrides: Mapping[str, Variants] | None = None, accent: Accent = "us"
    ) -> None:
        """Wrap lines "word PH1 PH2 ..." in lower case that are sorted by the bytes of their word."""
        self.accent: Accent = accent
        self._lines = sorted_lines
        self._overrides = dict(overrides or {})

    @classmethod
    def default(cls, own: Path | None = None, accent: Accent = "us") -> Lexicon:
        """Return CMUdict as it ships in the package (134,000 entries, North American English).

        Args:
            own: A file of a user's pronunciations, as for `with_file`.
            accent: Which pronunciations of a text's words are right.

        Raises:
            PronunciationError: As for `with_file`.
        """
        lexicon = cls(_cmudict(), accent=accent)
        return lexicon if own is None else lexicon.with_file(own)

    def with_file(self, path: Path | str) -> Lexicon:
        """Return a lexicon in which the words of a file replace those of this one.

        The file has a line `WORD PH1 PH2 ...` for each pronunciation; several lines with the same word are
        variants of it. Empty lines and text after a '#' are ignored.

        Raises:
            PronunciationError: The file cannot be read, or has invalid lines, all of which are named.
        """
        return self.with_entries(_read_user_lexicon(Path(path)))

    def with_entries(self, entries: Mapping[str, Variants]) -> Lexicon:
        """Return a lexicon in which some words, from `parse_lexicon`, replace those of this one."""
        return Lexicon(self._lines, {**self._overrides, **entries}, self.accent)

    def lookup(self, word: str) -> Variants:
        """Return all pronunciations of a word, with stress; empty for an unknown word.

        >>> Lexicon.default().lookup("Tomato")
        (('T', 'AH0', 'M', 'EY1', 'T', 'OW2'), ('T', 'AH0', 'M', 'AA1', 'T', 'OW2'))
        """
        key = normalise_apostrophes(word).lower()
        if key in self._overrides:
            return self._overrides[key]
        if not key or not key.isascii() or " " in key or "\n" in key:
            return ()
        return _find_sorted(self._lines, key.encode())

    def entries(self) -> Iterator[tuple[str, Variants]]:
        """Yield the words of the dictionary, without a user's own, in order."""
        lines = (line.split() for line in self._lines.decode("ascii").splitlines())
        for word, group in groupby(lines, key=lambda line: line[0]):
            yield word, tuple(tuple(line[1:]) for line in group)

    def known(self, word: str) -> tuple[Pronunciation, ...]:
        """Return the pronunciations of `lookup`, and whether a user gave them; empty for an unknown word."""
        own = normalise_apostrophes(word).lower() in self._overrides
        return tuple(Pronunciation(phones, "given" if own else "citation") for phones in self.lookup(word))

    def pronunciations(self, word: str) -> tuple[Pronunciation, ...]:
        """Return the pronunciations of a word: known ones, or else derived ones.

        Args:
            word: As written; capitals tell a name or letters from a word.
        """
        from enunciate.phones.unknown.guess import guess

        return self.known(word) or guess(normalise_apostrophes(word), self.lookup)


@cache
def _cmudict() -> bytes:
    return gzip.decompress((resources.files("enunciate.phones") / "data" / "cmudict.txt.gz").read_bytes())


def _find_sorted(lines: bytes, word: bytes) -> Variants:
    low, high = 0, len(lines)
    while low < high:
        middle = (low + high) // 2
        start = lines.rfind(b"\n", low, middle) + 1 or low
        if lines[start : lines.index(b" ", start)] < word:
            low = lines.index(b"\n", middle) + 1
        else:
            high = start
    variants: list[tuple[str, ...]] = []
    prefix = word + b" "
    while lines.startswith(prefix, low):
        end = lines.index(b"\n", low)
        variants.append(tuple(lines[low + len(prefix) : end].decode("ascii").split()))
        low = end + 1
    return tuple(variants)


def _read_user_lexicon(path: Path) -> dict[str, Variants]:
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise PronunciationError(f"lexicon {path} cannot be read ({error}): give a UTF-8 text file") from None
    return parse_lexicon(content, str(path))


def parse_lexicon(content: str, name: str) -> dict[str, Variants]:
    """Return the pronunciations of the words of a lexicon, whose form `Lexicon.with_file` describes.

    Args:
        content: Its lines.
        name: What a message of an error calls it.

    Raises:
        PronunciationError: Some lines are invalid, all of which are named.
    """
    entries: dict[str, Variants] = {}
    problems: list[str] = []
    for number, line in enumerate(content.splitlines(), start=1):
        word, *symbols = line.split("#", maxsplit=1)[0].split() or [""]
        if not word:
            continue
        try:
            phones = parse_phones(symbols, f"{name}:{number}: '{word}'")
        except PronunciationError as error:
            problems.append(str(error))
            continue
        key = _VARIANT_NUMBER.sub("", normalise_apostrophes(word).lower())
        entries[key] = (*entries.get(key, ()), phones)
    if problems:
        raise PronunciationError("\n  ".join(problems))
    return entries
