"""Which sounds went wrong: the phones that the model heard, against those that were to be said.

The two are aligned by edit distance (kaldialign). What faces a canonical phone is what was heard in its
place: itself, another phone, or nothing. A phone heard beyond the canonical ones joins a neighbour that was
said wrongly ("ER" heard as "AH R"), since annotators write it down so; any other is kept with its word, as
`inserted`. A canonical phone counts as mispronounced when anything but itself was heard, `K*` ("mostly like
K") included.

Phone scores, 0 to 2: the model gives none, so they are made from the probability p with which its decoder
chose what it heard. A phone heard as itself scores 0.5 + 1.5 p, any other 0.5 (1 - p): under 0.5 where it
counts as mispronounced, as people's scores are. The interval takes p as the probability that the verdict is
right: with p of 0.95 or more it holds the verdict's own side, else it runs to the far end of the scale.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from enunciate.phones.alignment import align, count_edits
from enunciate.phones.inventory import UNCLEAR
from enunciate.phones.reference import Reference
from enunciate.pocket.calibration import word_score
from enunciate.schema import MISPRONOUNCED_BELOW, PhoneQuality, PhoneResult, Score, WordResult

Span = tuple[float, float] | tuple[None, None]
"""Start and end in seconds, where they are known."""

TOP = 2.0
SURE = 0.95
"""The probability from which an interval of 90% has no tail on the other side."""
_PASSES = 3
"""Rounds over the words in the choice of variants; the second seldom changes anything."""


@dataclass(frozen=True)
class Heard:
    """A symbol that the model heard, and the probability with which its decoder chose it."""

    symbol: str
    probability: float

    @property
    def phone(self) -> str:
        """Without the `*` of "mostly like it"."""
        return self.symbol.rstrip("*")


@dataclass(frozen=True)
class Place:
    """A canonical phone and what was heard there."""

    canonical: str
    heard: tuple[str, ...]
    """Empty for a deletion."""
    probability: float

    @property
    def mispronounced(self) -> bool:
        """Whether anything but the canonical phone was heard."""
        return self.heard != (self.canonical,)


@dataclass(frozen=True)
class DiagnosedWord:
    """A word of the reference with the pronunciation that fits best."""

    text: str
    places: tuple[Place, ...]
    inserted: tuple[str, ...]
    """Heard between its phones or after them; before them too, in the first word."""
    split: bool
    """Whether some of these stand between its phones."""

    @property
    def phones(self) -> tuple[str, ...]:
        """The canonical phones."""
        return tuple(place.canonical for place in self.places)

    @property
    def said(self) -> bool:
        """Whether anything was heard of it."""
        return any(place.heard for place in self.places)


def heard_symbols(symbols: Sequence[str], probabilities: Sequence[float] | None) -> tuple[Heard, ...]:
    """Pair symbols with their probabilities; a decoder that gives none is taken at its word."""
    given = [1.0] * len(symbols) if probabilities is None else probabilities
    return tuple(Heard(symbol, min(max(p, 0.0), 1.0)) for symbol, p in zip(symbols, given, strict=True))


# ------------------------------------------------------------------------------------------- alignment


def diagnose(reference: Reference, heard: Sequence[Heard]) -> tuple[DiagnosedWord, ...]:
    """Lay what was heard along what was to be said.

    Raises:
        MissingExtraError: kaldialign is not installed.
    """
    chosen = best_variants(reference, [item.phone for item in heard])
    canonical = [phone for phones in chosen for phone in phones]
    places, gaps = _places(canonical, heard)
    words: list[DiagnosedWord] = []
    first = 0
    for index, (text, phones) in enumerate(zip(reference.words, chosen, strict=True)):
        last = first + len(phones)
        lead = gaps[0] if index == 0 else []
        inside = [symbol for gap in gaps[first + 1 : last] for symbol in gap]
        after = gaps[last] if last > first else []
        words.append(
            DiagnosedWord(text, tuple(places[first:last]), (*lead, *inside, *after), split=bool(inside))
        )
        first = last
    return tuple(words)


def best_variants(reference: Reference, heard: Sequence[str]) -> list[tuple[str, ...]]:
    """For each word the pronunciation with which the whole differs least from what was heard.

    Words are gone through in turn, each with the others as they stand, until nothing gets better; among
    equals the usual pronunciation is taken.
    """
    chosen = [variants[0] for variants in reference.variants]
    least = _distance(chosen, heard)
    for _ in range(_PASSES):
        before = least
        for index, variants in enumerate(reference.variants):
            for variant in variants[1:] if least else ():
                trial = [*chosen[:index], variant, *chosen[index + 1 :]]
                distance = _distance(trial, heard)
                if distance < least:
                    chosen, least = trial, distance
        if least == before:
            break
    return chosen


def _distance(words: Sequence[Sequence[str]], heard: Sequence[str]) -> int:
    return count_edits([phone for word in words for phone in word], heard).errors


def _places(canonical: Sequence[str], heard: Sequence[Heard]) -> tuple[list[Place], list[list[str]]]:
    """What was heard at each of U canonical phones, and in the U + 1 gaps before, between and after them."""
    taken: list[list[Heard]] = []
    gaps: list[list[Heard]] = [[]]
    rest = iter(heard)
    following: list[int] = []  # for each phone, how many symbols were heard before what comes after it
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
    places = [
        Place(phone, tuple(item.symbol for item in items), _probability(items, heard, after))
        for phone, items, after in zip(canonical, taken, following, strict=True)
    ]
    return places, [[item.symbol for item in gap] for gap in gaps]


def _join(phone: str, items: list[Heard], before: list[Heard], after: list[Heard]) -> None:
    """Move a symbol from the gap after or before a phone that was said wrongly to what was heard there."""
    if not items or items[0].phone in (phone, UNCLEAR):
        return
    if after and after[0].phone != UNCLEAR:
        items.append(after.pop(0))
    elif before and before[-1].phone != UNCLEAR:
        items.insert(0, before.pop())


def _probability(items: Sequence[Heard], heard: Sequence[Heard], after: int) -> float:
    """Of what was heard. Where nothing was, of the symbol that the decoder chose instead: the next one."""
    if items:
        return min(item.probability for item in items)
    if not heard:
        return 1.0
    return heard[min(after, len(heard) - 1)].probability


# --------------------------------------------------------------------------------------------- results


def word_results(words: Sequence[DiagnosedWord], spans: Sequence[Span] | None) -> tuple[WordResult, ...]:
    """The words of an assessment; `spans` has one for each phone of all words."""
    times = _times(spans)
    return tuple(_word(word, [_phone(place, next(times)) for place in word.places]) for word in words)


def free_results(heard: Sequence[Heard], spans: Sequence[Span] | None) -> tuple[PhoneResult, ...]:
    """The phones of an assessment without reference; `spans` has one for each."""
    return tuple(
        PhoneResult(
            phone=item.symbol,
            start_s=start_s,
            end_s=end_s,
            heard=item.symbol,
            heard_probability=item.probability,
            score=None,
            mispronounced=False,
        )
        for item, (start_s, end_s) in zip(heard, _times(spans), strict=False)
    )


def phone_quality(mispronounced: bool, probability: float) -> PhoneQuality:
    """A phone's score with its interval; see the module."""
    sure = probability >= SURE
    if mispronounced:
        value = MISPRONOUNCED_BELOW * (1 - probability)
        return PhoneQuality(value=value, low=0.0, high=MISPRONOUNCED_BELOW if sure else TOP)
    value = MISPRONOUNCED_BELOW + (TOP - MISPRONOUNCED_BELOW) * probability
    return PhoneQuality(value=value, low=MISPRONOUNCED_BELOW if sure else 0.0, high=TOP)


def _times(spans: Sequence[Span] | None) -> Iterator[Span]:
    if spans is not None:
        yield from spans
        return
    while True:
        yield None, None


def _phone(place: Place, span: Span) -> PhoneResult:
    return PhoneResult(
        phone=place.canonical,
        start_s=span[0],
        end_s=span[1],
        heard=" ".join(place.heard) or None,
        heard_probability=place.probability,
        score=phone_quality(place.mispronounced, place.probability),
        mispronounced=place.mispronounced,
    )


def _word(word: DiagnosedWord, phones: Sequence[PhoneResult]) -> WordResult:
    wrong = word.split or any(phone.mispronounced for phone in phones)
    return WordResult(
        text=word.text,
        start_s=phones[0].start_s if phones else None,
        end_s=phones[-1].end_s if phones else None,
        score=_word_score(phones, word.said),
        error="omission" if not word.said else "mispronunciation" if wrong else "none",
        phones=tuple(phones),
        inserted=word.inserted,
    )


def _word_score(phones: Sequence[PhoneResult], said: bool) -> Score:
    """As `pocket` derives it: from the phones' scores, 0 where nothing was said."""
    scores = [phone.score for phone in phones if phone.score is not None]
    if not scores:
        return Score(value=0, low=0, high=0)
    value, low, high = (
        word_score(np.array([getattr(score, name) for score in scores], dtype=np.float64))
        for name in ("value", "low", "high")
    )
    return Score(value=value, low=low, high=high) if said else Score(value=0, low=0, high=high)
