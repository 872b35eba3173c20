"""Pronunciations that a word has only as a name: "Nice" the city, "Job" of the Bible, "Polish"."""

from __future__ import annotations

from enunciate.phones.pronunciation import Pronunciation

_AS_NAMES = {
    "job": {"JH OW B"},
    "lima": {"L IY M AH"},
    "natal": {"N AH T AA L"},
    "nice": {"N IY S"},
    "polish": {"P OW L IH SH"},
    "reading": {"R EH D IH NG"},
}


def without_names(
    word: str, known: tuple[Pronunciation, ...], *, starts_sentence: bool
) -> tuple[Pronunciation, ...]:
    """Leave out what a word is only as a name, unless it has a capital inside a sentence.

    Args:
        word: As written. In capitals throughout it does not count as a name.
        known: Its pronunciations.
        starts_sentence: Whether a capital says nothing, as every word would have one here.
    """
    as_name = word[:1].isupper() and not word.isupper() and not starts_sentence
    names = _AS_NAMES.get(word.lower(), set())
    if as_name or not names:
        return known
    return tuple(one for one in known if " ".join(one.bare) not in names) or known
