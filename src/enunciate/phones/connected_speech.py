"""Rules of connected speech: how good readers say a word beside its neighbours, in General American.

Each rule takes one pronunciation of a word, with where the word stands, and yields the others that follow
from it. A rule is here only if the form is accepted in careful reading by natives; what learners add (a vowel
after a final consonant) or leave out elsewhere (the last consonant of "bed" at the end of a sentence) is no
variant. The phone set has no tap and no glottal stop: a tapped /t/ is a D, an unreleased one is absent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from enunciate.phones.inventory import is_vowel, strip_stress
from enunciate.schema import PronunciationKind

Phones = tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """Where a word stands: its spelling, and the phones beside it without a pause between."""

    word: str
    """In lower case."""
    before: str | None
    """The last phone of the word before, without stress; None at a start or after punctuation."""
    after: str | None
    """The first phone of the word after, without stress; None at an end or before punctuation."""


Rule = Callable[[Phones, Place], Iterator[Phones]]

_H_DROPPERS = frozenset(
    "he he'd he'll he's him himself his her hers herself has have had hasn't haven't hadn't".split()
)
_TAPPABLE_BEFORE = frozenset({"R", "ER"})
_STOPS = frozenset({"P", "B", "T", "D", "K", "G", "CH", "JH"})
_CLUSTERS = {"T": frozenset("S F P K N SH CH".split()), "D": frozenset("N L Z".split())}
_SYLLABIC = {
    "L": frozenset("P B T D K G F V S Z TH SH CH JH N M".split()),
    "N": frozenset("T D S Z TH SH F V P K".split()),
}
_SONORANTS = frozenset({"R", "L", "N", "M"})
_SCHWAS = frozenset({"AH0", "IH0"})
_BEFORE_R = {"IY": ("IH",), "IH": ("IY",), "UW": ("UH", "AO"), "UH": ("AO",)}
_LIKE = {("S", "SH"), ("T", "D"), ("D", "T"), ("TH", "DH")}


def _vowel(phone: str | None) -> bool:
    return phone is not None and is_vowel(phone)


def _unstressed_vowel(phone: str) -> bool:
    return is_vowel(phone) and not phone.endswith(("1", "2"))


def _replaced(phones: Phones, index: int, *new: str) -> Phones:
    return (*phones[:index], *new, *phones[index + 1 :])


def h_dropping(phones: Phones, place: Place) -> Iterator[Phones]:
    """As in "gave him": /h/ of unstressed pronouns and auxiliaries is lost after a word."""
    if place.word in _H_DROPPERS and place.before is not None and phones[0] == "HH":
        yield phones[1:]


def g_dropping(phones: Phones, place: Place) -> Iterator[Phones]:
    """As in "going" like "goin'": the unstressed ending -ing has n; "king" and "bring" keep their ng."""
    if place.word.endswith("ing") and phones[-2:] == ("IH0", "NG"):
        yield (*phones[:-1], "N")


def flapping(phones: Phones, place: Place) -> Iterator[Phones]:
    """As in "water", "get it", "party": /t/ between a vowel or r and an unstressed vowel is a tap, here D."""
    found = phones
    for index, phone in enumerate(phones):
        if phone != "T":
            continue
        before = phones[index - 1] if index else place.before
        opens = _vowel(before) or before in _TAPPABLE_BEFORE
        if index + 1 < len(phones):
            # A word's first /t/ is aspirated, except in the weak "to".
            follows = _unstressed_vowel(phones[index + 1]) and (index > 0 or place.word in ("to", "together"))
            follows |= phones[index + 1] == "L" and index > 0
        else:
            follows = _vowel(place.after)
        if opens and follows:
            found = _replaced(found, index, "D")
    if found != phones:
        yield found


def nt_reduction(phones: Phones, _: Place) -> Iterator[Phones]:
    """As in "twenty", "wanted": /t/ between n and an unstressed vowel is lost."""
    for index in range(1, len(phones) - 1):
        if phones[index - 1 : index + 1] == ("N", "T") and _unstressed_vowel(phones[index + 1]):
            yield _replaced(phones, index)


def final_stop(phones: Phones, place: Place) -> Iterator[Phones]:
    """As in "last night", "old man", "that man": a final /t/ or /d/ has no release before a consonant.

    /d/ is lost after n, l and z alone ("bad man" keeps it); the ending of a past tense is kept.
    """
    last, before = phones[-1], phones[-2] if len(phones) > 1 else ""
    if last not in _CLUSTERS or place.after is None or _vowel(place.after) or len(phones) < 3:
        return
    if place.word.endswith("ed") and place.after not in _STOPS:
        return
    if strip_stress(before) in _CLUSTERS[last] or (last == "T" and _vowel(before)):
        yield phones[:-1]


def inner_stop(phones: Phones, _: Place) -> Iterator[Phones]:
    """As in "exactly", "friendly", "postman": /t/ or /d/ between two consonants is lost."""
    for index in range(2, len(phones) - 1):
        before, phone, after = phones[index - 1 : index + 2]
        lost = before in _CLUSTERS.get(phone, ()) and after not in ("R", "S", "Z", "HH")
        if lost and not is_vowel(after):
            yield _replaced(phones, index)


def schwa_deletion(phones: Phones, _: Place) -> Iterator[Phones]:
    """As in "family", "different": a schwa before r, l, n, m and a weak vowel is lost after a consonant."""
    for index in range(2, len(phones) - 1):
        phone, after = phones[index], phones[index + 1]
        if is_vowel(phones[index - 1]):
            continue
        if phone == "ER0" and _unstressed_vowel(after):
            yield _replaced(phones, index, "R")
        elif (
            phone in _SCHWAS and after in _SONORANTS and any(map(_unstressed_vowel, phones[index + 2 :][:1]))
        ):
            yield _replaced(phones, index)


def syllabic_consonant(phones: Phones, _: Place) -> Iterator[Phones]:
    """As in "little", "button": the consonant after a schwa becomes the syllable, and the schwa is lost."""
    for index in range(2, len(phones) - 1):
        phone, after = phones[index], phones[index + 1]
        ends = index + 2 == len(phones) or not is_vowel(phones[index + 2])
        if phone in _SCHWAS and phones[index - 1] in _SYLLABIC.get(after, ()) and ends:
            yield _replaced(phones, index)


def geminate(phones: Phones, place: Place) -> Iterator[Phones]:
    """As in "this story", "good day", "with them": two like consonants at a word boundary are one."""
    last, after = phones[-1], place.after
    if len(phones) > 2 and not is_vowel(last) and (last == after or (last, after) in _LIKE):
        yield phones[:-1]


def coalescence(phones: Phones, place: Place) -> Iterator[Phones]:
    """As in "did you", "what you", "miss you": /d t s z/ melt with a following /y/."""
    melted = {"D": "JH", "T": "CH", "S": "SH", "Z": "ZH"}
    if place.after == "Y" and phones[-1] in melted:
        yield (*phones[:-1], melted[phones[-1]])
    if place.before in melted and phones[0] == "Y" and place.word.startswith(("you", "ye")):
        yield phones[1:]


def weak_vowel(phones: Phones, _: Place) -> Iterator[Phones]:
    """As in "wanted", "begin", "roses": the two short unstressed vowels are told apart by few."""
    swapped = {"IH0": "AH0", "AH0": "IH0"}
    found = phones
    for index, (phone, after) in enumerate(pairwise(phones)):
        if phone in swapped and after not in ("R", "L", "NG"):
            found = _replaced(found, index, swapped[phone])
    if found != phones and len(phones) > 2:
        yield found


def full_prefix(phones: Phones, place: Place) -> Iterator[Phones]:
    """As in "expect", "example": the unstressed prefix ex- may keep the vowel of its spelling."""
    if place.word.startswith("ex") and phones[0] in _SCHWAS:
        yield ("EH0", *phones[1:])


def vowel_before_r(phones: Phones, _: Place) -> Iterator[Phones]:
    """As in "here" and "poor": before r, few tell a tense vowel from a lax one, or "poor" from "pour"."""
    for index, (vowel, after) in enumerate(pairwise(phones)):
        if after == "R":
            for other in _BEFORE_R.get(vowel[:2], ()):
                yield _replaced(phones, index, other + vowel[2:])


def low_back_merger(phones: Phones, _: Place) -> Iterator[Phones]:
    """As in "caught" like "cot": most Americans say one vowel in both, except before r."""
    for old, new in (("AO", "AA"), ("AA", "AO")):
        found = tuple(
            new + phone[2:] if phone[:2] == old and phones[index + 1 : index + 2] != ("R",) else phone
            for index, phone in enumerate(phones)
        )
        if found != phones:
            yield found


RULES: tuple[tuple[PronunciationKind, Rule], ...] = (
    ("h_dropping", h_dropping),
    ("g_dropping", g_dropping),
    ("flapping", flapping),
    ("flapping", nt_reduction),
    ("stop_deletion", final_stop),
    ("stop_deletion", inner_stop),
    ("linking", geminate),
    ("linking", coalescence),
    ("schwa_deletion", schwa_deletion),
    ("syllabic_consonant", syllabic_consonant),
    ("vowel_variation", full_prefix),
    ("vowel_variation", vowel_before_r),
    ("vowel_variation", weak_vowel),
    ("vowel_variation", low_back_merger),
)
"""The rules in the order in which they are tried; a rule also applies to what those before it gave."""
