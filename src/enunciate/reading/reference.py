"""What was to be said in a clip: words, and the ways in which each can be said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from enunciate.errors import TextError
from enunciate.phones.british import accented
from enunciate.phones.lexicon import Lexicon, Variants
from enunciate.phones.pronunciation import Pronunciation, distinct
from enunciate.phones.proper_names import without_names
from enunciate.phones.variants import spoken_variants
from enunciate.reading.text import TextWord, parse_text
from enunciate.schema import Accent, Utterance


@dataclass(frozen=True)
class Reference:
    """W words with their pronunciations."""

    words: tuple[str, ...]
    pronunciations: tuple[tuple[Pronunciation, ...], ...]
    """For each word the ways to say it, the usual one first; no two have the same phones."""
    ends_phrase: tuple[bool, ...]
    """For each word whether a punctuation mark follows it."""
    spans: tuple[tuple[int, int] | None, ...] = ()
    """For each word where it is in the reference text; none for words that were given with their phones."""
    heard: bool = False
    """Whether an engine heard these words, because no text was given."""

    def span(self, word: int) -> tuple[int, int] | None:
        """Return where a word, by its index, is in the reference text."""
        return self.spans[word] if self.spans else None

    @property
    def spoken_words(self) -> tuple[str, ...]:
        """Each word as it is usually spoken, such as "three fifty" for $3.50."""
        ways = zip(self.words, self.pronunciations, strict=True)
        return tuple((known[0].read_as if known else None) or word for word, known in ways)

    @property
    def variants(self) -> tuple[Variants, ...]:
        """The phones of the pronunciations, without stress."""
        return tuple(tuple(p.bare for p in word) for word in self.pronunciations)


def read_reference(utterance: Utterance, lexicon: Lexicon) -> Reference | None:
    """The canonical phones of `utterance.words`, or else its text looked up; None where it has neither.

    Words from a text also have the variants of connected speech; phones of `utterance.words` stand alone.

    Raises:
        TextError: the text is empty, or holds no English word.
    """
    if utterance.words is not None:
        words = [
            TextWord(word.text, (Pronunciation(tuple(word.phones), "given"),)) for word in utterance.words
        ]
    elif utterance.text is not None:
        own = lexicon if utterance.lexicon is None else lexicon.with_entries(utterance.lexicon)
        words = parse_text(utterance.text, own)
    else:
        return None
    return _reference(words, utterance.accent or lexicon.accent)


def read_heard(text: str, lexicon: Lexicon, accent: Accent | None) -> Reference | None:
    """The canonical phones of words that an engine heard; None where it heard no English."""
    try:
        words = parse_text(text, lexicon)
    except TextError:
        return None
    return replace(_reference(words, accent or lexicon.accent), spans=(), heard=True)


def _reference(words: Sequence[TextWord], accent: Accent) -> Reference:
    texts = tuple(word.text for word in words)
    ends = tuple(word.ends_phrase for word in words)
    spans = tuple(word.span for word in words) if any(word.span for word in words) else ()
    known: list[tuple[Pronunciation, ...]] = []
    for index, word in enumerate(words):
        starts = index == 0 or words[index - 1].ends_phrase
        likely = without_names(word.text, word.pronunciations, starts_sentence=starts)
        known.append(accented(word.text, distinct(likely), accent))
    return Reference(texts, tuple(spoken_variants(known, texts, ends)), ends, spans)
