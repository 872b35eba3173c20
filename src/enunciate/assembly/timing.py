"""When things were said, and the interface of what finds it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from enunciate.audio import Samples
from enunciate.schema import Pause, Rates

Span = tuple[float, float] | tuple[None, None]
"""Start and end in seconds, where they are known."""

NO_SPEECH = Rates(phones_per_s=0.0, words_per_s=None, articulation_phones_per_s=0.0)
"""The rates of a clip in which no phone was heard."""


@dataclass(frozen=True)
class Timing:
    """The times of the phones of a clip, and what follows from them."""

    spans: tuple[Span, ...]
    """Start and end of each phone, in seconds; None for one in a passage of the text that was not read."""
    pauses: tuple[Pause, ...]
    rates: Rates
    mismatched: bool
    """Whether something other than the text was said; False without reference text."""
    snr_db: float | None = None
    """The estimated signal-to-noise ratio."""


class Aligner(Protocol):
    """Aligns phones with a clip, for engines that hear phones without their times."""

    def align_words(self, samples: Samples, words: Sequence[Sequence[str]], utterance_id: str) -> Timing:
        """Align the phones of the words of a reference text.

        Args:
            samples: 16 kHz mono, shape (samples,).
            words: The phones of each word.
            utterance_id: For the message of an error.

        Raises:
            TextTooLongError: The clip cannot hold the phones.
        """
        ...

    def align_phones(self, samples: Samples, phones: Sequence[str]) -> Timing | None:
        """Align phones that were heard; None where there are none, or too many for the clip."""
        ...


class SpeechAligner(Aligner, Protocol):
    """An aligner that tells speech from noise, for engines that answer whatever they are given."""

    def has_speech(self, samples: Samples) -> bool:
        """Whether anybody speaks in a clip of 16 kHz mono, shape (samples,)."""
        ...
