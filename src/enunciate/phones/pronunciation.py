"""One way to say a word, and why it counts as one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate, pairwise

from enunciate.phones.inventory import strip_stress
from enunciate.schema import PronunciationKind


@dataclass(frozen=True)
class Pronunciation:
    """The phones of one way to say a word, with the stress digits of the lexicon where it has them."""

    phones: tuple[str, ...]
    kind: PronunciationKind = "citation"
    guessed: bool = False
    """Whether no dictionary has the word, so that all its pronunciations are guesses."""
    read_as: str | None = None
    """The words spoken, where they are not the word as written: "three fifty" for $3.50."""
    lengths: tuple[int, ...] = ()
    """The number of phones of each of several words spoken; empty for one word."""

    @property
    def n_words(self) -> int:
        """How many words are spoken."""
        return 1 if self.read_as is None else len(self.read_as.split())

    @property
    def words(self) -> list[tuple[str, ...]]:
        """The phones of each word spoken."""
        ends = [*accumulate(self.lengths)] or [len(self.phones)]
        return [self.phones[start:end] for start, end in pairwise([0, *ends])]

    @property
    def bare(self) -> tuple[str, ...]:
        """The phones without stress."""
        return tuple(map(strip_stress, self.phones))


def distinct(pronunciations: Iterable[Pronunciation]) -> tuple[Pronunciation, ...]:
    """Keep the first of those that differ in nothing but stress or kind."""
    found: dict[tuple[str, ...], Pronunciation] = {}
    for pronunciation in pronunciations:
        found.setdefault(pronunciation.bare, pronunciation)
    return tuple(found.values())
