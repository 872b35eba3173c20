"""The groups that clips are divided into: age, gender, first language, length of the text, and noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from enunciate.metrics.pairs import Evaluated

UNKNOWN = "unknown"
GENDERS = {"f": "female", "m": "male"}


@dataclass(frozen=True)
class Bands:
    """Ranges of a number, each with a name.

    Attributes:
        ends: The exclusive upper end and the name of each range, ascending.
        last: The name of the range without an upper end.
    """

    ends: tuple[tuple[float, str], ...]
    last: str

    @property
    def names(self) -> list[str]:
        """The names in ascending order, `unknown` last."""
        return [name for _, name in self.ends] + [self.last, UNKNOWN]

    def name_of(self, value: float | None) -> str:
        """Return the name of the range of a value; of None, `unknown`."""
        if value is None:
            return UNKNOWN
        return next((name for end, name in self.ends if value < end), self.last)


AGES = Bands(((10, "under 10"), (16, "10 to 15"), (26, "16 to 25")), "26 and over")
"""Years."""
LENGTHS = Bands(((4, "1 to 3"), (7, "4 to 6"), (11, "7 to 10"), (26, "11 to 25")), "26 and over")
"""Words of the text."""
NOISES = Bands(((10, "under 10 dB"), (20, "10 to 20 dB"), (30, "20 to 30 dB")), "30 dB and over")
"""Decibels from the noise to the speech."""


def age(pair: Evaluated) -> str:
    """Return the age band of the speaker."""
    return AGES.name_of(pair.utterance.age)


def gender(pair: Evaluated) -> str:
    """Return the gender of the speaker, spelt out."""
    return GENDERS.get(pair.utterance.gender or "", UNKNOWN)


def first_language(pair: Evaluated) -> str:
    """Return the first language of the speaker as the corpus names it."""
    return pair.utterance.first_language or UNKNOWN


def length(pair: Evaluated) -> str:
    """Return the band of the number of words of the text, which is known of failed clips, too."""
    words: Sequence[object] = pair.utterance.words or (pair.utterance.text or "").split()
    return LENGTHS.name_of(len(words) or None)


def noise(pair: Evaluated) -> str:
    """Return the band of the signal-to-noise ratio that the engine measured; `unknown` where it failed."""
    return NOISES.name_of(None if pair.assessment is None else pair.assessment.snr_db)
