"""What the speech synthesisers have in common.

A synthesiser is told a sentence and, where it is to mispronounce, an editor of phones. It returns the samples
with the phones that it said and their times, which are those that it made the samples from.

Flite and festival build an utterance step by step. The phones are edited after the lexicon and before
durations and pitch, so that changed phones get the prosody of the sentence.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from enunciate.corpus.synthetic.mispronunciations import PHONES, SILENCE, Change

Int16 = npt.NDArray[np.int16]
Segment = tuple[str, float, float]
"""A phone or `SIL`, with its start and its end in seconds."""
Editor = Callable[[Sequence[str], Sequence[bool]], list[Change]]
"""Takes canonical phones, with `SIL`, and whether each ends its word; returns what is said for each."""

_SILENT = frozenset({"pau", "h#", "sil", "brth", "ssil"})
_ALIASES = {"ax": "AH", "axr": "ER", "dx": "T", "hv": "HH", "nx": "N", "ix": "IH", "ux": "UW"}


@dataclass(frozen=True)
class SynthesisedSpeech:
    """A synthesised sentence at the synthesiser's own sampling rate."""

    samples: Int16
    """(samples,)"""
    rate_hz: int
    segments: tuple[Segment, ...]
    """The phones that were said and the silences, in order."""
    canonical: tuple[str, ...]
    """The phones of a correct reading, by the synthesiser's own lexicon, without silences."""
    voice: str


class Synthesiser(Protocol):
    """A speech synthesiser in this process."""

    def say(self, text: str, editor: Editor | None, rng: random.Random) -> SynthesisedSpeech | None:
        """Speak a text in a voice, pitch and speed drawn from `rng`; None where it cannot be labelled."""
        ...


def arpabet(native: str) -> str:
    """Return the ARPAbet label of a phone of flite or festival (radio phone set).

    Raises:
        KeyError: The phone is of another phone set.
    """
    if native in _SILENT:
        return SILENCE
    phone = _ALIASES.get(native, native.upper())
    if phone not in PHONES:
        raise KeyError(native)
    return phone


def native_phone(phone: str) -> str:
    """Return the flite or festival phone of an ARPAbet phone; AH becomes a schwa, as added vowels are."""
    return "ax" if phone == "AH" else phone.lower()


def segments_by_end(ends: Sequence[tuple[str, float]], duration_s: float) -> tuple[Segment, ...]:
    """Turn phones with end times into segments; the last one runs to the end of the samples."""
    segments: list[Segment] = []
    start_s = 0.0
    for index, (phone, end_s) in enumerate(ends):
        stop_s = duration_s if index == len(ends) - 1 else min(max(end_s, start_s), duration_s)
        segments.append((phone, start_s, stop_s))
        start_s = stop_s
    return tuple(segments)
