"""Times from an alignment: pauses and rates."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from enunciate.conformer.features import PAUSE_S
from enunciate.conformer.forced_alignment import Alignment, AlignmentError, LogProbs, align
from enunciate.conformer.pitch import FRAME_S
from enunciate.errors import TextTooLongError
from enunciate.schema import Pause, Rates


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
        raise TextTooLongError.for_clip(utterance_id, phones, seconds) from error


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
