"""Diagnosis: the phones heard, compared with the canonical ones.

The two sequences are aligned by edit distance (kaldialign). A canonical phone is matched with itself
(correct), with another phone (substitution) or with nothing (deletion). A phone heard beyond the canonical
ones joins a substituted neighbour ("ER" heard as "AH R"), since annotators write such a diagnosis; any other
is an insertion, kept with its word. A canonical phone counts as mispronounced when anything but itself was
heard, `K*` ("mostly like K") included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from enunciate.assembly.omissions import omitted_by_recognition
from enunciate.phones.alignment import align, count_edits
from enunciate.phones.inventory import UNCLEAR
from enunciate.phones.pronunciation import Pronunciation
from enunciate.reading.reference import Reference

_PASSES = 3
"""Rounds over the words in the choice of pronunciations; the second seldom changes anything."""


@dataclass(frozen=True)
class HeardSymbol:
    """A symbol that an engine heard, and the probability with which its decoder chose it."""

    symbol: str
    probability: float

    @property
    def phone(self) -> str:
        """The symbol without the `*` of "mostly like it"."""
        return self.symbol.rstrip("*")


@dataclass(frozen=True)
class PhoneDiagnosis:
    """A canonical phone and the symbols heard in its place."""

    canonical: str
    heard: tuple[str, ...]
    """Empty for a deletion."""
    probability: float

    @property
    def mispronounced(self) -> bool:
        """Whether anything but the canonical phone was heard."""
        return self.heard != (self.canonical,)


@dataclass(frozen=True)
class WordDiagnosis:
    """A word of the reference text with the pronunciation that fits best."""

    text: str
    phone_diagnoses: tuple[PhoneDiagnosis, ...]
    inserted: tuple[str, ...]
    """Symbols heard between its phones or after them and, in the first word, before them."""
    split: bool
    """Whether some of `inserted` stand between its phones."""
    pronunciation: Pronunciation
    span: tuple[int, int] | None
    """Where the word is in the reference text."""

    @property
    def phones(self) -> tuple[str, ...]:
        """The canonical phones."""
        return tuple(diagnosis.canonical for diagnosis in self.phone_diagnoses)

    @property
    def omitted(self) -> bool:
        """Whether nothing was heard of the word."""
        return omitted_by_recognition(diagnosis.heard for diagnosis in self.phone_diagnoses)


def heard_symbols(symbols: Sequence[str], probabilities: Sequence[float] | None) -> tuple[HeardSymbol, ...]:
    """Pair symbols with their probabilities, 1 each where the decoder gives none."""
    given = [1.0] * len(symbols) if probabilities is None else probabilities
    return tuple(HeardSymbol(symbol, min(max(p, 0.0), 1.0)) for symbol, p in zip(symbols, given, strict=True))


def diagnose(reference: Reference, heard: Sequence[HeardSymbol]) -> tuple[WordDiagnosis, ...]:
    """Align the symbols heard with the canonical phones.

    Raises:
        MissingExtraError: Kaldialign is not installed.
    """
    chosen = best_variants(reference, [item.phone for item in heard])
    canonical = [phone for pronunciation in chosen for phone in pronunciation.bare]
    diagnoses, gaps = _align_to_canonical(canonical, heard)
    words: list[WordDiagnosis] = []
    first = 0
    for index, (text, pronunciation) in enumerate(zip(reference.words, chosen, strict=True)):
        last = first + len(pronunciation.phones)
        lead = gaps[0] if index == 0 else []
        inside = [symbol for gap in gaps[first + 1 : last] for symbol in gap]
        after = gaps[last] if last > first else []
        inserted = (*lead, *inside, *after)
        phones, span = tuple(diagnoses[first:last]), reference.span(index)
        words.append(WordDiagnosis(text, phones, inserted, bool(inside), pronunciation, span))
        first = last
    return tuple(words)


def best_variants(reference: Reference, heard: Sequence[str]) -> list[Pronunciation]:
    """Choose for each word the pronunciation with which the text differs least from the phones heard.

    The words are tried in turn, each with the current choice for the others, until the edit distance stops
    falling; among equals the usual pronunciation wins.
    """
    chosen = [pronunciations[0] for pronunciations in reference.pronunciations]
    best_distance = _distance(chosen, heard)
    for _ in range(_PASSES):
        before = best_distance
        for index, pronunciations in enumerate(reference.pronunciations):
            for pronunciation in pronunciations[1:] if best_distance else ():
                trial = [*chosen[:index], pronunciation, *chosen[index + 1 :]]
                distance = _distance(trial, heard)
                if distance < best_distance:
                    chosen, best_distance = trial, distance
        if best_distance == before:
            break
    return chosen


def _distance(words: Sequence[Pronunciation], heard: Sequence[str]) -> int:
    return count_edits([phone for word in words for phone in word.bare], heard).errors


def _align_to_canonical(
    canonical: Sequence[str], heard: Sequence[HeardSymbol]
) -> tuple[list[PhoneDiagnosis], list[list[str]]]:
    """Return the diagnoses of U canonical phones, and the symbols in the U + 1 gaps around them."""
    taken: list[list[HeardSymbol]] = []
    gaps: list[list[HeardSymbol]] = [[]]
    rest = iter(heard)
    following: list[int] = []  # the number of symbols heard up to the end of each canonical phone
    n_heard = 0
    for phone, other in align(canonical, [item.phone for item in heard]):
        items = [next(rest)] if other is not None else []
        n_heard += len(items)
        if phone is None:
            gaps[-1] += items
        else:
            taken.append(items)
            gaps.append([])
            following.append(n_heard)
    for index, phone in enumerate(canonical):
        _join(phone, taken[index], gaps[index], gaps[index + 1])
    diagnoses = [
        PhoneDiagnosis(phone, tuple(item.symbol for item in items), _probability(items, heard, after))
        for phone, items, after in zip(canonical, taken, following, strict=True)
    ]
    return diagnoses, [[item.symbol for item in gap] for gap in gaps]


def _join(phone: str, items: list[HeardSymbol], before: list[HeardSymbol], after: list[HeardSymbol]) -> None:
    """Move a symbol from the gap after or before a substituted phone to what was heard in its place."""
    if not items or items[0].phone in (phone, UNCLEAR):
        return
    if after and after[0].phone != UNCLEAR:
        items.append(after.pop(0))
    elif before and before[-1].phone != UNCLEAR:
        items.insert(0, before.pop())


def _probability(items: Sequence[HeardSymbol], heard: Sequence[HeardSymbol], after: int) -> float:
    """Return the probability of the symbols heard; for a deletion, that of the symbol chosen next."""
    if items:
        return min(item.probability for item in items)
    if not heard:
        return 1.0
    return heard[min(after, len(heard) - 1)].probability
