"""Mispronunciations of Mandarin-speaking learners of English, applied to phone sequences.

The substitutions are those that teachers and annotations of learner corpora agree on: dental fricatives are
replaced, /v/ and /w/ confused, tense and lax vowels merged, final consonants deleted or followed by an added
vowel, and clusters broken up. Some random substitutions keep a recogniser from learning this list alone.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

SILENCE = "SIL"
VOWELS = frozenset("AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW".split())
CONSONANTS = frozenset("B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH".split())
PHONES = VOWELS | CONSONANTS
_STOPS = frozenset("B CH D G JH K P T".split())
_FRICATIVES = frozenset("DH F S SH TH V Z ZH".split())

_CONFUSIONS: dict[str, tuple[str, ...]] = {
    "TH": ("S", "S", "F", "T"),
    "DH": ("D", "Z", "L"),
    "V": ("W", "F", "B"),
    "W": ("V",),
    "IH": ("IY", "IY", "EH"),
    "IY": ("IH",),
    "AE": ("EH", "EH", "AA", "AY"),
    "EH": ("AE", "EY", "IH"),
    "EY": ("EH", "AY"),
    "NG": ("N",),
    "N": ("NG", "L"),
    "L": ("R", "R", "N", "OW"),
    "R": ("L", "L", "W"),
    "Z": ("S", "S", "DH"),
    "S": ("SH", "TH", "Z"),
    "ZH": ("SH", "R", "JH"),
    "SH": ("S", "CH"),
    "JH": ("CH", "ZH"),
    "CH": ("SH", "JH"),
    "UH": ("UW",),
    "UW": ("UH",),
    "AH": ("AA", "AE", "EH", "AO", "OW"),
    "AA": ("AO", "AH", "AE"),
    "AO": ("OW", "AA"),
    "OW": ("AO", "AW"),
    "AW": ("AO", "AA"),
    "AY": ("AE", "EY", "AA"),
    "ER": ("AH", "AO"),
    "B": ("P",),
    "D": ("T",),
    "G": ("K",),
    "P": ("B",),
    "T": ("D",),
    "K": ("G",),
    "HH": ("F",),
    "F": ("V", "HH"),
    "M": ("N",),
    "Y": ("IY",),
}

Change = tuple[str, ...]
"""The phones that are said in place of one canonical phone: none, one or two."""


@dataclass(frozen=True)
class LearnerErrors:
    """How often a learner mispronounces a phone; each clip draws its own rate between the two."""

    min_rate: float = 0.06
    max_rate: float = 0.3
    random_share: float = 0.15
    """The share of substitutions by any other vowel or consonant."""


def mispronounce(
    phones: Sequence[str], word_final: Sequence[bool], rules: LearnerErrors, rng: random.Random
) -> list[Change]:
    """Change some phones as a learner might, and at least one.

    Args:
        phones: Canonical phones, `SIL` among them.
        word_final: Whether each is the last phone of its word.
        rules: How often a phone is changed.
        rng: The source of randomness; the same state gives the same changes.

    Returns:
        What is said for each phone; `(phone,)` where it is unchanged.
    """
    rate = rng.uniform(rules.min_rate, rules.max_rate)
    sounded = [index for index, phone in enumerate(phones) if phone != SILENCE]
    hit = {index for index in sounded if rng.random() < rate}
    if sounded and not hit:
        hit = {rng.choice(sounded)}
    return [
        _change(phones, index, word_final[index], rules, rng) if index in hit else (phone,)
        for index, phone in enumerate(phones)
    ]


def _change(
    phones: Sequence[str], index: int, final: bool, rules: LearnerErrors, rng: random.Random
) -> Change:
    phone = phones[index]
    following = phones[index + 1] if index + 1 < len(phones) else SILENCE
    preceding = phones[index - 1] if index else SILENCE
    if phone in CONSONANTS and final and preceding in VOWELS | CONSONANTS and rng.random() < 0.5:
        # Learners add a vowel after stops and fricatives; sonorants they rather delete.
        adds_vowel = phone in _STOPS | _FRICATIVES and rng.random() < 0.5
        return (phone, "AH") if adds_vowel else ()
    if phone == "R" and preceding in VOWELS and following not in VOWELS and rng.random() < 0.6:
        return ()
    if phone in _STOPS | {"S"} and following in CONSONANTS and not final and rng.random() < 0.5:
        return (phone, "AH")
    if rng.random() < rules.random_share:
        same_class = VOWELS if phone in VOWELS else CONSONANTS
        return (rng.choice(sorted(same_class - {phone})),)
    return (rng.choice(_CONFUSIONS[phone]),) if phone in _CONFUSIONS else (phone,)
