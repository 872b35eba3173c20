"""How a text would be read, for people who write texts and for other programs.

Nothing is listened to: the same tokens, readings and pronunciations are what a recording is compared with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from enunciate.phones.inventory import to_ipa
from enunciate.phones.lexicon import Lexicon
from enunciate.phones.pronunciation import Pronunciation
from enunciate.phones.respelling import respelling
from enunciate.phones.syllables import Syllable, syllables
from enunciate.reading.text import SpokenWords, TextWord, read_tokens, words_of
from enunciate.reading.tokens import Token
from enunciate.schema import FrozenModel

_GIVEN = re.compile(r"\{[^{}]*\}")
_MARKS = re.compile(r"[\s.,;:!?'\"()\[\]{}\u2010-\u201f\u2026-]+")
"""White space and punctuation, which everybody expects to be silent."""


class DescribedSyllable(FrozenModel):
    """One syllable of a pronunciation."""

    phones: str
    """ARPAbet with spaces between the phones, without stress digits on the vowel."""
    ipa: str
    stress: int | None
    """1 primary, 2 secondary, 0 none; None where the pronunciation does not say."""


class DescribedPronunciation(FrozenModel):
    """One way to say a token."""

    reading: str
    """The words spoken; a capital is the name of a letter."""
    phones: str
    """ARPAbet with stress digits, spaces between the phones."""
    ipa: str
    """With marks of stress before the syllables that have it, and spaces between words."""
    respelling: str
    """In plain letters, for people who read no phonetic signs: "tuh-MAY-toh"."""
    kind: str
    """As `WordResult.pronunciation`."""
    guessed: bool
    """Whether no dictionary has the word."""
    syllables: tuple[DescribedSyllable, ...]


class DescribedToken(FrozenModel):
    """A stretch of the text that is read aloud, and becomes one word of an assessment."""

    text: str
    """As typed."""
    start: int
    """Index of its first character in the text."""
    end: int
    """One past its last character."""
    kind: str
    """The rule that reads it, such as "money"; "word" for a word of the dictionary."""
    readings: tuple[str, ...]
    """The ways to read it, the usual one first."""
    pronunciations: tuple[DescribedPronunciation, ...]
    """Those that a recording is compared with, without variants of connected speech."""


class IgnoredText(FrozenModel):
    """A stretch of the text that is not read: a picture, a sign."""

    text: str
    start: int
    end: int


class TextDescription(FrozenModel):
    """How a text would be read."""

    text: str
    tokens: tuple[DescribedToken, ...]
    ignored: tuple[IgnoredText, ...]
    """All that is not read but white space and punctuation."""


def describe_text(text: str, lexicon: Lexicon) -> TextDescription:
    """Describe how a text would be read.

    Raises:
        TextError: The text cannot be read; as `parse_text`.
    """
    spoken = SpokenWords(lexicon)
    found = read_tokens(text, spoken)
    words = words_of(found, spoken)
    return TextDescription(
        text=text,
        tokens=tuple(_token(token, word) for token, word in zip(found, words, strict=True)),
        ignored=tuple(_ignored(text, words)),
    )


def _token(token: Token, word: TextWord) -> DescribedToken:
    readings = dict.fromkeys(one.read_as or token.text for one in word.pronunciations)
    return DescribedToken(
        text=token.text,
        start=token.start,
        end=token.end,
        kind=token.kind,
        readings=tuple(readings),
        pronunciations=tuple(_pronunciation(one, token.text) for one in word.pronunciations),
    )


def _pronunciation(one: Pronunciation, text: str) -> DescribedPronunciation:
    words = [syllables(phones) for phones in one.words]
    return DescribedPronunciation(
        reading=one.read_as or text,
        phones=" ".join(one.phones),
        ipa=" ".join(map(_ipa, words)),
        respelling=" ".join(map(respelling, words)),
        kind=one.kind,
        guessed=one.guessed,
        syllables=tuple(_syllable(part) for parts in words for part in parts),
    )


def _syllable(part: Syllable) -> DescribedSyllable:
    bare = " ".join(phone.rstrip("012") for phone in part.phones)
    return DescribedSyllable(phones=bare, ipa="".join(map(to_ipa, part.phones)), stress=part.stress)


def _ipa(parts: Sequence[Syllable]) -> str:
    """Return the signs of syllables; a word of one syllable needs no mark of stress."""
    marks = {1: "ˈ", 2: "ˌ"} if len(parts) > 1 else {}
    return "".join(marks.get(part.stress or 0, "") + "".join(map(to_ipa, part.phones)) for part in parts)


def _ignored(text: str, words: Sequence[TextWord]) -> Iterator[IgnoredText]:
    spans = [word.span for word in words if word.span]
    begins, ends = [0, *(end for _, end in spans)], [*(start for start, _ in spans), len(text)]
    for begin, end in zip(begins, ends, strict=True):
        between = _GIVEN.sub(lambda braces: " " * len(braces[0]), text[begin:end])
        for match in re.finditer(r"\S+", between):
            if _MARKS.sub("", match[0]):
                yield IgnoredText(text=match[0], start=begin + match.start(), end=begin + match.end())
