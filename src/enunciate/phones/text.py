"""Conversion of a reference text, as people type it, to words with their possible pronunciations."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

from enunciate.errors import (
    PronunciationError,
    TextEmptyError,
    TextNotEnglishError,
    TextUnknownWordsError,
)
from enunciate.phones.inventory import parse_phones
from enunciate.phones.lexicon import Lexicon, Variants, normalise_apostrophes
from enunciate.phones.numbers import NUMBER, spell_number
from enunciate.phones.pronunciation import Pronunciation


@dataclass(frozen=True)
class TextWord:
    """A word as written (a number or sign as spoken), with its pronunciations and their stress."""

    text: str
    pronunciations: tuple[Pronunciation, ...]
    ends_phrase: bool = False
    """Whether a punctuation mark follows it, at which a reader may pause."""

    @property
    def variants(self) -> Variants:
        """The phones of the pronunciations."""
        return tuple(pronunciation.phones for pronunciation in self.pronunciations)


# A run starts after white space or a brace only: a try from each of its characters would be quadratic.
_INLINE = re.compile(r"(?<![^\s{}])([^\s{}]*)\{([^{}]*)\}")
_DASHES = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2212", "-") | dict.fromkeys("\u2012\u2013\u2014\u2015_/", " ")
)
_SIGNS = {"&": "and", "%": "percent", "+": "plus", "=": "equals", "@": "at"}
_CURRENCIES = {"$": "dollar", "£": "pound", "€": "euro"}
# In this order: an amount of money, a number, an abbreviation with dots, a word, a sign that is read aloud.
_TOKEN = re.compile(
    r"[$£€][0-9]+(?:,[0-9]+)*(?:\.[0-9]+)?"
    r"|(?<![\w.])-?(?:[0-9]+(?:,[0-9]+)*(?:\.[0-9]+)?|\.[0-9]+)(?:st|nd|rd|th|'?s)?(?![\w'-])"
    r"|(?:[^\W\d_]\.){2,}"
    r"|[\w'-]+"
    r"|[&%+=@]",
    re.IGNORECASE,
)
_PHRASE_END = re.compile(r"[.,;:!?\u2026](?!\w)")
_LETTERS_OR_DIGITS = re.compile(r"[^\W\d]+|\d+")


def parse_text(text: str, lexicon: Lexicon) -> list[TextWord]:
    """Split a text into words and look up their pronunciations.

    Punctuation does not matter. A hyphenated word is looked up whole, then part by part; numbers and a few
    signs are spelt out; a word that is not in the lexicon is derived from others or guessed. A word followed
    by phones in braces, `tomato{T AH M EY T OW}`, has that pronunciation only.

    Raises:
        TextEmptyError: The text is white space only.
        TextNotEnglishError: The text has no letter from a to z and no digit.
        TextUnknownWordsError: Some words have no letter of English; all are named.
        PronunciationError: Phones in braces are not ARPAbet, or braces do not match.
    """
    if not text.strip():
        raise TextEmptyError("the text is empty: give the words that were to be read")
    normal = unicodedata.normalize("NFKC", normalise_apostrophes(text).translate(_DASHES))
    if not re.search("[a-z0-9]", _strip_accents(normal), re.IGNORECASE):
        raise TextNotEnglishError(f"no English word in the text '{_shorten(text)}': give it in English")
    words = list(_words(normal, lexicon))
    unknown = {word.text.lower(): word.text for word in words if not word.pronunciations}
    if unknown:
        raise TextUnknownWordsError(list(unknown.values()))
    return words


def _words(text: str, lexicon: Lexicon) -> Iterator[TextWord]:
    """Yield the words in order; an unknown one has no variants."""
    done = 0
    for match in _INLINE.finditer(text):
        before, word = _split_last_word(match.group(1))
        yield from _plain_words(text[done : match.start()] + " " + before, lexicon)
        where = f"'{match.group(0)}'"
        if not word:
            raise PronunciationError(
                f"{where}: write the word right before the brace, as in tomato{{T AH ...}}"
            )
        phones = parse_phones(match.group(2).split(), where)
        yield TextWord(word, (Pronunciation(phones, "given"),))
        done = match.end()
    yield from _plain_words(text[done:], lexicon)


def _split_last_word(run: str) -> tuple[str, str]:
    """Split the word off the text before a brace: '("tomato' gives '("' and 'tomato'."""
    start = len(run)
    while start and (run[start - 1].isalnum() or run[start - 1] in "'-"):
        start -= 1
    return run[:start], run[start:].strip("'-")


def _plain_words(text: str, lexicon: Lexicon) -> Iterator[TextWord]:
    if "{" in text or "}" in text:
        raise PronunciationError(f"a brace without its partner in '{_shorten(text.strip())}'")
    tokens = list(_TOKEN.finditer(text))
    ends = [match.start() for match in tokens[1:]] + [len(text)] * bool(tokens)
    for match, end in zip(tokens, ends, strict=True):
        token = match.group()
        if any(character.isalnum() for character in token) or token in _SIGNS:
            words = list(_token_words(token, lexicon))
            yield from words[:-1]
            for last in words[-1:]:
                yield replace(last, ends_phrase=bool(_PHRASE_END.search(text, match.end(), end + 1)))


def _token_words(token: str, lexicon: Lexicon) -> Iterator[TextWord]:
    spoken = _spell_out(token)
    if spoken:
        yield from (TextWord(word, lexicon.known(word)) for word in spoken)
        return
    known = _known(token, lexicon)
    stem = token.strip("'-")
    parts = _parts(stem)
    if not known and len(parts) > 1:
        for part in parts:
            yield from _token_words(part, lexicon)
    else:
        yield TextWord(stem, known or lexicon.pronunciations(_strip_accents(stem)))


def _spell_out(token: str) -> list[str]:
    """Return the words of a number, an amount of money or a sign; empty for anything else."""
    if token in _SIGNS:
        return [_SIGNS[token]]
    currency = _CURRENCIES.get(token[0])
    number = token[1:] if currency or token[0] == "-" else token
    if not re.search("[0-9]", number) or not NUMBER.fullmatch(number):
        return []
    words = spell_number(number)
    if currency:
        words.append(currency if words == ["one"] else currency + "s")
    return ["minus", *words] if token[0] == "-" else words


def _parts(token: str) -> list[str]:
    """Split an unknown token at hyphens or dots, or else into letters and digits."""
    parts = [part for part in re.split(r"[-.]", token) if part.strip("'")]
    if len(parts) > 1 or "'" in token:
        return parts
    return _LETTERS_OR_DIGITS.findall(token)


def _known(token: str, lexicon: Lexicon) -> tuple[Pronunciation, ...]:
    """Look a token up as written ('cause, U.S.), then without quotes, without accents."""
    bare = token.strip("'-.")
    for candidate in (token, token.rstrip("'-"), bare, _strip_accents(bare)):
        found = lexicon.known(candidate)
        if found:
            return found
    return ()


def _strip_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def _shorten(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
