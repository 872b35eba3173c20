"""Times from an alignment: spans of phones, pauses and rates.

The `pocket` engine aligns a text with a clip to score it. An engine that hears without times, such as a
speech language model, takes its times from the same encoder by `ConformerAligner`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from enunciate.assembly.timing import Timing
from enunciate.audio import Samples
from enunciate.conformer.acoustic_model import AcousticModel
from enunciate.conformer.features import PAUSE_S, mismatched
from enunciate.conformer.forced_alignment import Alignment, AlignmentError, LogProbs, align, align_heard
from enunciate.conformer.pitch import FRAME_S
from enunciate.conformer.weights_folder import ENCODER
from enunciate.errors import TextTooLongError
from enunciate.pocket.symbols import classes_of
from enunciate.schema import Pause, Rates

NO_SPEECH = Rates(phones_per_s=0.0, words_per_s=None, articulation_phones_per_s=0.0)
"""The rates of a clip in which no phone was heard."""


class ConformerAligner:
    """The encoder of a folder of pocket weights, as an `assembly.timing.Aligner`."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self._acoustic_model = AcousticModel(folder / ENCODER, threads)

    def align_words(self, samples: Samples, words: Sequence[Sequence[str]], utterance_id: str) -> Timing:
        """Align the phones of the words of a reference text.

        Args:
            samples: 16 kHz mono, shape (samples,).
            words: The phones of each word.
            utterance_id: For the message of an error.

        Raises:
            TextTooLongError: The clip cannot hold the phones.
        """
        outputs = self._acoustic_model(samples)
        alignment = fit_text(outputs.frame, [[classes_of(word)] for word in words], utterance_id)
        return _timing(alignment, n_words=len(words), mismatched=mismatched(outputs, alignment))

    def align_phones(self, samples: Samples, phones: Sequence[str]) -> Timing | None:
        """Align phones that were heard; None where there are none, or too many for the clip."""
        if not phones:
            return None
        try:
            alignment = align_heard(self._acoustic_model(samples).frame, classes_of(phones))
        except AlignmentError:
            return None
        return _timing(alignment, n_words=None, mismatched=False)


def fit_text(log_probs: LogProbs, words: Sequence[Sequence[Sequence[int]]], utterance_id: str) -> Alignment:
    """Align words of a user's text, as `forced_alignment.align` does.

    Raises:
        TextTooLongError: The clip has too few frames for their phones.
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


def pauses(alignment: Alignment) -> tuple[Pause, ...]:
    """Return the silences inside the speech that last at least `PAUSE_S`."""
    gaps = zip(alignment.end[:-1].tolist(), alignment.start[1:].tolist(), strict=True)
    return tuple(
        Pause(start_s=start * FRAME_S, end_s=end * FRAME_S)
        for start, end in gaps
        if (end - start) * FRAME_S >= PAUSE_S
    )


def rates(alignment: Alignment, n_words: int | None) -> Rates:
    """Return how fast the speech was; `n_words` is None without reference text."""
    span_s = float(alignment.end[-1] - alignment.start[0]) * FRAME_S
    spans = pairwise(zip(alignment.start, alignment.end, strict=True))
    silent_s = sum(float(start - end) for (_, end), (start, _) in spans) * FRAME_S
    n_phones = len(alignment.classes)
    return Rates(
        phones_per_s=n_phones / span_s,
        words_per_s=None if n_words is None else n_words / span_s,
        articulation_phones_per_s=n_phones / max(span_s - silent_s, FRAME_S),
    )


def _timing(alignment: Alignment, n_words: int | None, *, mismatched: bool) -> Timing:
    spans = zip(alignment.start.tolist(), alignment.end.tolist(), strict=True)
    return Timing(
        spans=tuple((start * FRAME_S, end * FRAME_S) for start, end in spans),
        pauses=pauses(alignment),
        rates=rates(alignment, n_words),
        mismatched=mismatched,
    )
