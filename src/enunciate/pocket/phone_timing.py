"""When things were said: phones fitted to a clip, and what follows from that alone.

The `pocket` engine fits a text to a clip to score it. An engine that hears without knowing when, such as a
speech language model, gets its times here, from the same encoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from enunciate.audio import Samples
from enunciate.errors import TextTooLongError
from enunciate.pocket.acoustic_model import AcousticModel
from enunciate.pocket.features import PAUSE_S, mismatched
from enunciate.pocket.forced_alignment import Alignment, AlignmentError, LogProbs, align
from enunciate.pocket.pitch import FRAME_S
from enunciate.pocket.symbols import classes_of
from enunciate.pocket.weights_folder import ENCODER
from enunciate.schema import Pause, Rates


@dataclass(frozen=True)
class Timing:
    """When the phones of a clip were said."""

    spans: tuple[tuple[float, float], ...]
    """Start and end of each phone, in seconds."""
    pauses: tuple[Pause, ...]
    rates: Rates
    mismatched: bool
    """Whether something else was said than the text; False without a text."""


class Aligner:
    """The encoder of a folder of pocket weights, used for its times only."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self._acoustic = AcousticModel(folder / ENCODER, threads)

    def read(self, samples: Samples, words: Sequence[Sequence[str]], utterance_id: str) -> Timing:
        """Fit the phones of words that were read, each word a sequence of phones.

        Raises:
            TextTooLongError: the clip cannot hold them.
        """
        out = self._acoustic(samples)
        found = fit_text(out.frame, [[classes_of(word)] for word in words], utterance_id)
        return _timing(found, n_words=len(words), other=mismatched(out, found))

    def heard(self, samples: Samples, phones: Sequence[str]) -> Timing | None:
        """Fit phones that were heard, not read; None where there are none, or too many for the clip."""
        if not phones:
            return None
        try:
            # Each is a word of its own: there may be a silence between any two.
            found = align(self._acoustic(samples).frame, [[classes_of([phone])] for phone in phones])
        except AlignmentError:
            return None
        return _timing(found, n_words=None, other=False)


def fit_text(log_probs: LogProbs, words: Sequence[Sequence[Sequence[int]]], utterance_id: str) -> Alignment:
    """`align`, where the words come from a user's text.

    Raises:
        TextTooLongError: the clip has too few frames to hold them.
    """
    try:
        return align(log_probs, words)
    except AlignmentError as error:
        phones = sum(min(map(len, variants)) for variants in words)
        seconds = len(log_probs) * FRAME_S
        raise TextTooLongError(
            f"{utterance_id}: the text has {phones} phones, too many for a clip of {seconds:.1f} s: give "
            "the text of this clip alone, or a longer recording"
        ) from error


def pauses(found: Alignment) -> tuple[Pause, ...]:
    """Silences inside the speech."""
    spans = zip(found.end[:-1].tolist(), found.start[1:].tolist(), strict=True)
    return tuple(
        Pause(start_s=s * FRAME_S, end_s=e * FRAME_S) for s, e in spans if (e - s) * FRAME_S >= PAUSE_S
    )


def rates(found: Alignment, n_words: int | None) -> Rates:
    """How fast the speech was; `n_words` is None without a text."""
    span_s = float(found.end[-1] - found.start[0]) * FRAME_S
    silent_s = (
        sum(float(b - a) for (_, a), (b, _) in pairwise(zip(found.start, found.end, strict=True))) * FRAME_S
    )
    n_phones = len(found.classes)
    return Rates(
        phones_per_s=n_phones / span_s,
        words_per_s=None if n_words is None else n_words / span_s,
        articulation_phones_per_s=n_phones / max(span_s - silent_s, FRAME_S),
    )


def _timing(found: Alignment, n_words: int | None, *, other: bool) -> Timing:
    spans = zip(found.start.tolist(), found.end.tolist(), strict=True)
    return Timing(
        spans=tuple((start * FRAME_S, end * FRAME_S) for start, end in spans),
        pauses=pauses(found),
        rates=rates(found, n_words),
        mismatched=other,
    )
