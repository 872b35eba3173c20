"""Inflections and derivations of known words: "vlogs", "priya's", "unfriended", "sadder", "coolness"."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from enunciate.phones.inventory import strip_stress
from enunciate.phones.lexicon import Variants

Lookup = Callable[[str], Variants]
"""Gives the pronunciations of a word; none for an unknown one."""
Phones = tuple[str, ...]

_SIBILANTS = frozenset({"S", "Z", "SH", "ZH", "CH", "JH"})
_VOICELESS = frozenset({"P", "T", "K", "F", "TH"})
_VOWEL_LETTERS = "aeiouy"
_SHORTEST_STEM = 3
_SHORTEST_PREFIXED = 5
"""Letters of a stem: shorter ones are often there by chance."""

_FIXED_ENDINGS: dict[str, Phones] = {
    "ing": ("IH0", "NG"),
    "in'": ("IH0", "N"),
    "ings": ("IH0", "NG", "Z"),
    "er": ("ER0",),
    "ers": ("ER0", "Z"),
    "est": ("AH0", "S", "T"),
    "able": ("AH0", "B", "AH0", "L"),
    "ish": ("IH0", "SH"),
    "ly": ("L", "IY0"),
    "ness": ("N", "AH0", "S"),
    "less": ("L", "AH0", "S"),
    "ful": ("F", "AH0", "L"),
    "ism": ("IH2", "Z", "AH0", "M"),
    "ist": ("IH0", "S", "T"),
    "ists": ("IH0", "S", "T", "S"),
    "ship": ("SH", "IH2", "P"),
    "'ll": ("AH0", "L"),
    "'ve": ("AH0", "V"),
    "'d": ("D",),
    "'re": ("ER0",),
}
"""Endings whose sound does not depend on the stem, in the order in which they are tried."""
_PREFIXES: dict[str, Phones] = {
    "un": ("AH0", "N"),
    "re": ("R", "IY0"),
    "non": ("N", "AA0", "N"),
    "mis": ("M", "IH0", "S"),
}


def plural_ending(last_phone: str) -> Phones:
    """Return the sounds of -s, as a plural, a verb's ending or a possessive, after a phone."""
    last = strip_stress(last_phone)
    if last in _SIBILANTS:
        return ("IH0", "Z")
    return ("S",) if last in _VOICELESS else ("Z",)


def past_ending(last_phone: str) -> Phones:
    """Return the sounds of -ed after a phone."""
    last = strip_stress(last_phone)
    if last in ("T", "D"):
        return ("IH0", "D")
    return ("T",) if last in _VOICELESS | {"S", "SH", "CH"} else ("D",)


def inflected(word: str, lookup: Lookup) -> Variants:
    """Return the pronunciations of a word in lower case by those of its stem; none if no stem is known."""
    for stem, ending in _analyses(word):
        if len(stem) >= _SHORTEST_STEM and (known := lookup(stem)):
            return tuple(ending(phones) for phones in known)
    for prefix, sounds in _PREFIXES.items():
        stem = word.removeprefix(prefix)
        if stem != word and len(stem) >= _SHORTEST_PREFIXED and (known := lookup(stem)):
            return tuple((*sounds, *phones) for phones in known)
    return ()


def _analyses(word: str) -> Iterator[tuple[str, Callable[[Phones], Phones]]]:
    """Yield the stems that a word may have, each with what its ending adds to the stem's phones."""
    for ending in ("'s", "s'", "es", "s"):
        if word.endswith(ending):
            stems = [word.removesuffix(ending)]
            if ending == "s'":
                stems = [word[:-1]]
                yield stems[0], lambda phones: phones
            if ending == "es":
                stems = [word[:-3] + "y"] if word.endswith("ies") else [word[:-1], word[:-2]]
            for stem in stems:
                yield stem, lambda phones: (*phones, *plural_ending(phones[-1]))
    if word.endswith("ed"):
        for stem in _stems(word, "ed"):
            yield stem, lambda phones: (*phones, *past_ending(phones[-1]))
    if word.endswith("bly"):
        yield word[:-1] + "e", lambda phones: (*phones[:-2], "L", "IY0")
    for ending, sounds in _FIXED_ENDINGS.items():
        if word.endswith(ending):
            for stem in _stems(word, ending):
                yield stem, lambda phones, sounds=sounds: _joined(phones, sounds)


def _joined(phones: Phones, sounds: Phones) -> Phones:
    """Join a stem and an ending, whose l or n is not doubled ("really", "openness")."""
    return (*phones, *(sounds[1:] if sounds[0] == phones[-1] == "L" else sounds))


def _stems(word: str, ending: str) -> Iterator[str]:
    """Yield the stems that an ending may stand on, as in "mak-ing", "happi-ness" and "plann-er"."""
    stem = word.removesuffix(ending)
    if ending[0] in _VOWEL_LETTERS:
        yield stem + "e"
    if stem.endswith("i") and ending != "ing":
        yield stem[:-1] + "y"
    yield stem
    doubled = len(stem) > 2 and stem[-1] == stem[-2] and stem[-1] not in _VOWEL_LETTERS
    if doubled and ending[0] in _VOWEL_LETTERS:
        yield stem[:-1]
