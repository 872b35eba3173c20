"""Conversion of a reference text, as people type it, to words with their possible pronunciations.

A token such as $3.50 has several readings, each a sequence of words, and each word has one or more
pronunciations. It becomes one word whose variants are the phones of whole readings, so that whatever chooses
the variant that fits the speech also tells which reading was heard.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from enunciate.errors import TextEmptyError, TextNotEnglishError, TextUnknownWordsError
from enunciate.phones.diacritics import strip_accents
from enunciate.phones.lexicon import Lexicon, Variants
from enunciate.phones.pronunciation import Pronunciation, distinct
from enunciate.phones.unknown.foreign import foreign
from enunciate.phones.unknown.inflections import plural_ending
from enunciate.phones.weak_forms import WEAK_FORMS
from enunciate.phones.well_known_names import well_known_name
from enunciate.reading.signs import GREEK_LETTER
from enunciate.reading.sounds import SOUND, phones_of
from enunciate.reading.tokens import PLAIN_WORD, Token, shorten, tokens
from enunciate.reading.written import make_plain

MOST_VARIANTS = 32
"""Variants of one token that is no plain word."""
LEAST_VARIANTS = 6
VARIANTS_OF_A_TEXT = 1600
"""Shared out between the tokens of a text that are no plain words, at least `LEAST_VARIANTS` for each."""
_NOT_IN_CMUDICT: dict[str, tuple[str, ...]] = {
    "centiliter": ("S", "EH1", "N", "T", "AH0", "L", "IY2", "T", "ER0"),
    "centiliters": ("S", "EH1", "N", "T", "AH0", "L", "IY2", "T", "ER0", "Z"),
    "covid": ("K", "OW1", "V", "IH0", "D"),
    "decibels": ("D", "EH1", "S", "AH0", "B", "EH2", "L", "Z"),
    "gigahertz": ("G", "IH1", "G", "AH0", "HH", "ER2", "T", "S"),
    "gigs": ("G", "IH1", "G", "Z"),
    "kilohertz": ("K", "IH1", "L", "AH0", "HH", "ER2", "T", "S"),
    "nought": ("N", "AO1", "T"),
}
"""Words that rules read and CMUdict lacks."""


@dataclass(frozen=True)
class TextWord:
    """A word as typed, with its pronunciations and their stress."""

    text: str
    pronunciations: tuple[Pronunciation, ...]
    ends_phrase: bool = False
    """Whether a punctuation mark follows it, at which a reader may pause."""
    span: tuple[int, int] | None = None
    """Where it is in the typed text."""

    @property
    def variants(self) -> Variants:
        """The phones of the pronunciations."""
        return tuple(pronunciation.phones for pronunciation in self.pronunciations)


class SpokenWords:
    """Looks up words, those of a text as typed and those of the readings of numbers and the like."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._known: dict[str, tuple[Pronunciation, ...]] = {}
        self._typed: dict[str, tuple[Pronunciation, ...]] = {}
        self._spoken: dict[str, tuple[Pronunciation, ...]] = {}
        self._of_tokens: dict[tuple[object, ...], tuple[Pronunciation, ...]] = {}

    def knows(self, word: str) -> bool:
        """Whether a word as typed is in the lexicon, in any case, without a guess."""
        return bool(self.known(word))

    def known(self, word: str) -> tuple[Pronunciation, ...]:
        """Look a word up as written ('cause, U.S.), then without quotes, without accents."""
        if word not in self._known:
            bare = word.strip("'-.")
            candidates = dict.fromkeys((word, word.rstrip("'-"), bare, strip_accents(bare)))
            found = (self._lexicon.known(candidate) for candidate in candidates)
            ours = _NOT_IN_CMUDICT.get(bare.lower())
            self._known[word] = next((one for one in found if one), (Pronunciation(ours),) if ours else ())
        return self._known[word]

    def typed(self, word: str) -> tuple[Pronunciation, ...]:
        """Return the pronunciations of a word as typed; derived or guessed ones for an unknown word."""
        if word not in self._typed:
            known, bare = self.known(word), word.strip("'-")
            self._typed[word] = self._with_names(known, bare) if known else self._lexicon.pronunciations(bare)
        return self._typed[word]

    def _with_names(self, known: tuple[Pronunciation, ...], word: str) -> tuple[Pronunciation, ...]:
        """Add the pronunciations of a well-known name, and those that letters of other languages ask for."""
        also = (*well_known_name(strip_accents(word)), *foreign(word))
        if not also or known[0].kind != "citation":
            return known
        return distinct([*known, *map(Pronunciation, also)])

    def spoken(self, word: str) -> tuple[Pronunciation, ...]:
        """Return the pronunciations of a word of a reading: a letter's name, a sound's (/θ/) or a word."""
        if word not in self._spoken:
            self._spoken[word] = self._look_up(word)
        return self._spoken[word]

    def remembered(
        self, key: tuple[object, ...], pronounce: Callable[[], tuple[Pronunciation, ...]]
    ) -> tuple[Pronunciation, ...]:
        """Return the pronunciations of a token, which are made once where a text repeats it."""
        if key not in self._of_tokens:
            self._of_tokens[key] = pronounce()
        return self._of_tokens[key]

    def _look_up(self, word: str) -> tuple[Pronunciation, ...]:
        if len(word) == 1 and word.isupper():
            return self._lexicon.known(f"{word}.") or self._lexicon.known(word)
        if word.startswith("/"):
            return (Pronunciation(phones_of(word)),)
        if len(word) == 2 and word[0].isupper() and word[1] == "s":
            letter = self.spoken(word[0])
            return tuple(Pronunciation((*one.phones, *plural_ending(one.phones[-1]))) for one in letter)
        weak = tuple(Pronunciation(phones) for phones in WEAK_FORMS.get(word, ()))
        return (*(self.known(word) or self._lexicon.pronunciations(word)), *weak)


def parse_text(text: str, lexicon: Lexicon) -> list[TextWord]:
    """Split a text into words and look up their pronunciations.

    Punctuation does not matter. A hyphenated word is looked up whole, then part by part; numbers, signs and
    abbreviations have the readings that the rules give; a word that is not in the lexicon is derived from
    others or guessed. A word followed by phones in braces, `tomato{T AH M EY T OW}`, has that
    pronunciation only.

    Raises:
        TextEmptyError: The text is white space only.
        TextNotEnglishError: Nothing in the text is read in English, or most of it is in another script.
        TextUnknownWordsError: Some words have no pronunciation; all are named.
        PronunciationError: Phones in braces are not ARPAbet, or braces do not match.
    """
    spoken = SpokenWords(lexicon)
    return words_of(read_tokens(text, spoken), spoken)


def read_tokens(text: str, spoken: SpokenWords) -> list[Token]:
    """Cut a text into its tokens, with their readings.

    Raises:
        TextEmptyError: The text is white space only.
        TextNotEnglishError: Nothing in the text is read in English, or most of it is in another script.
        PronunciationError: Phones in braces are not ARPAbet, or braces do not match.
    """
    if not text.strip():
        raise TextEmptyError("the text is empty: give the words that were to be read")
    written = make_plain(text)
    if _mostly_another_script(written.plain):
        raise TextNotEnglishError(f"no English word in the text '{shorten(text)}': give it in English")
    found = list(tokens(written, spoken.knows))
    if not found:
        raise TextNotEnglishError(f"no English word in the text '{shorten(text)}': give it in English")
    return found


def words_of(found: Sequence[Token], spoken: SpokenWords) -> list[TextWord]:
    """Look up the pronunciations of the readings of tokens.

    Raises:
        TextUnknownWordsError: Some words have no pronunciation; all are named.
    """
    special = sum(token.kind != PLAIN_WORD for token in found)
    most = max(LEAST_VARIANTS, min(MOST_VARIANTS, VARIANTS_OF_A_TEXT // max(special, 1)))
    words = [
        TextWord(
            token.text, _pronunciations(token, spoken, most), token.ends_phrase, (token.start, token.end)
        )
        for token in found
    ]
    unknown = {word.text.lower(): word.text for word in words if not word.pronunciations}
    if unknown:
        raise TextUnknownWordsError(list(unknown.values()))
    return words


def _pronunciations(token: Token, spoken: SpokenWords, most: int) -> tuple[Pronunciation, ...]:
    if token.phones is not None:
        return (Pronunciation(token.phones, "given"),)
    if token.kind == PLAIN_WORD:
        return spoken.typed(token.readings[0])
    return spoken.remembered(
        (token.text.lower(), token.readings, most), lambda: _of_readings(token, spoken, most)
    )


def _of_readings(token: Token, spoken: SpokenWords, most: int) -> tuple[Pronunciation, ...]:
    turns = [_pronounced(reading, spoken) for reading in token.readings]
    found: dict[tuple[str, ...], Pronunciation] = {}
    while turns and len(found) < most:
        pronounced = [(turn, one) for turn in turns if (one := next(turn, None))]
        turns = [turn for turn, _ in pronounced]
        for _, one in pronounced:
            as_written = one.read_as and one.read_as.lower() == token.text.lower()
            found.setdefault(one.phones, replace(one, read_as=None) if as_written else one)
    return tuple(found.values())[:most]


def _pronounced(reading: str, spoken: SpokenWords) -> Iterator[Pronunciation]:
    """Yield the usual pronunciation of a reading, then those that differ from it in one word."""
    words = [spoken.spoken(word) for word in reading.split()]
    if not all(words):
        return
    usual = [pronunciations[0] for pronunciations in words]
    yield _joined(usual, reading)
    for index, pronunciations in enumerate(words):
        for other in pronunciations[1:]:
            yield _joined([*usual[:index], other, *usual[index + 1 :]], reading)


def _joined(words: Sequence[Pronunciation], reading: str) -> Pronunciation:
    phones = tuple(phone for word in words for phone in word.phones)
    lengths = tuple(len(word.phones) for word in words) if len(words) > 1 else ()
    return Pronunciation(phones, "reading", any(word.guessed for word in words), reading, lengths)


def _mostly_another_script(text: str) -> bool:
    if text.isascii():
        return False
    characters = re.findall(r"[^\W_]", strip_accents(GREEK_LETTER.sub("", text)))
    foreign = sum(not character.isascii() for character in characters)
    return foreign > len(characters) - foreign and not SOUND.search(text)
