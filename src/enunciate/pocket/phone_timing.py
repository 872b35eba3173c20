"""Times from an alignment: spans of phones, pauses and rates.

The `pocket` engine aligns a text with a clip to score it. An engine that hears without times, such as a
speech language model, takes its times from the same encoder by `PocketAligner`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from weakref import finalize

import numpy as np

from enunciate.assembly.timing import Span, Timing
from enunciate.audio import Samples
from enunciate.pocket.acoustic_model import FRAME_S, AcousticModel, Floats, Outputs
from enunciate.pocket.forced_alignment import Alignment, AlignmentError, align_heard
from enunciate.pocket.mismatch import mismatched
from enunciate.pocket.pitch import LOWEST_DB
from enunciate.pocket.sound_quality import snr_db
from enunciate.pocket.symbols import SILENCE, classes_of
from enunciate.pocket.text_alignment import align_text
from enunciate.pocket.weights_folder import ENCODER
from enunciate.schema import Pause, Rates

PAUSE_S = 0.15
"""A silence inside the speech counts as a pause from this length on."""
QUIET_DB = -18.0
"""A silent frame is at least this far below the loudest frame, in whatever noise."""
BELOW_SPEECH_DB, ABOVE_ROOM_DB = 26.0, 8.0
"""It is also this far below the loud frames, as a breath and the end of a sound are not, or it is near the
level of the room, which is all that can be asked for in noise."""


class PocketAligner:
    """The encoder of a folder of pocket weights, as an `assembly.timing.Aligner`."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self._acoustic_model = AcousticModel(folder / ENCODER, threads)
        self._encoded: dict[int, Outputs] = {}

    def encode(self, samples: Samples) -> Outputs:
        """Return the outputs for the samples of a clip, which is encoded once as long as the array exists."""
        key = id(samples)
        if key not in self._encoded:
            self._encoded[key] = self._acoustic_model(samples)
            finalize(samples, self._encoded.pop, key).atexit = False
        return self._encoded[key]

    def align_words(self, samples: Samples, words: Sequence[Sequence[str]], utterance_id: str) -> Timing:
        """Align the phones of the words of a reference text; see `assembly.timing.Aligner`."""
        outputs = self.encode(samples)
        classes = [[classes_of(word)] for word in words]
        alignment = align_text(outputs.frame, outputs.ctc, classes, utterance_id)
        n_read = len(words) - sum(last - first for first, last in alignment.unread)
        timing = _timing(outputs, alignment, n_words=n_read, mismatched=mismatched(outputs, alignment))
        return replace(timing, spans=_with_unread(timing.spans, alignment, words))

    def align_phones(self, samples: Samples, phones: Sequence[str]) -> Timing | None:
        """Align phones that were heard; None where there are none, or too many for the clip."""
        if not phones:
            return None
        outputs = self.encode(samples)
        try:
            alignment = align_heard(outputs.frame, classes_of(phones))
        except AlignmentError:
            return None
        return _timing(outputs, alignment, n_words=None, mismatched=False)


def phone_spans_s(alignment: Alignment) -> list[tuple[float, float]]:
    """Start and end of each phone in seconds; the phones of an omitted word share its one frame."""
    spans = [
        (start * FRAME_S, end * FRAME_S)
        for start, end in zip(alignment.start.tolist(), alignment.end.tolist(), strict=True)
    ]
    for word in alignment.omitted:
        inside = np.flatnonzero(alignment.word == word).tolist()
        step_s = FRAME_S / len(inside)
        begin_s = spans[inside[0]][0]
        for index, phone in enumerate(inside):
            spans[phone] = (begin_s + index * step_s, begin_s + (index + 1) * step_s)
    return spans


def pauses(outputs: Outputs, alignment: Alignment) -> tuple[Pause, ...]:
    """Return the silences between words that last at least `PAUSE_S`.

    A gap of the alignment may also hold a breath, a click, the end of a sound or speech beyond the text, so a
    pause is the longest run of frames in it in which the frame head hears silence and the level is low.
    """
    silent = (outputs.frame[:, SILENCE] > np.log(0.5)) & (outputs.level < quiet_below_db(outputs.level))
    found: list[Pause] = []
    for end, start in zip(alignment.end[:-1].tolist(), alignment.start[1:].tolist(), strict=True):
        if (start - end) * FRAME_S >= PAUSE_S:
            first, last = _longest_run(silent[end:start].tolist())
            if (last - first) * FRAME_S >= PAUSE_S:
                found.append(Pause(start_s=(end + first) * FRAME_S, end_s=(end + last) * FRAME_S))
    return tuple(found)


def quiet_below_db(level: Floats) -> float:
    """Return the level under which a frame of a clip can be silent.

    Args:
        level: (T,) decibels relative to the loudest frame, as in `Outputs`. Digital silence, as between
            clips that were joined, says nothing of the room.
    """
    heard = level[level > LOWEST_DB]
    if not len(heard):
        return QUIET_DB
    room, loud = np.percentile(heard, (5, 95))
    return min(QUIET_DB, float(max(loud - BELOW_SPEECH_DB, room + ABOVE_ROOM_DB)))


def _longest_run(values: list[bool]) -> tuple[int, int]:
    """First and one past the last index of the longest run of true values."""
    best, start = (0, 0), 0
    for index, value in enumerate([*values, False]):
        if not value:
            if index - start > best[1] - best[0]:
                best = (start, index)
            start = index + 1
    return best


def rates(alignment: Alignment, n_words: int | None) -> Rates:
    """Return how fast the speech was; `n_words` is None without reference text."""
    span_s = max(float(alignment.end[-1] - alignment.start[0]) * FRAME_S, FRAME_S)
    spans = pairwise(zip(alignment.start, alignment.end, strict=True))
    silent_s = sum(max(0.0, float(start - end)) for (_, end), (start, _) in spans) * FRAME_S
    n_phones = len(alignment.classes)
    return Rates(
        phones_per_s=n_phones / span_s,
        words_per_s=None if n_words is None else n_words / span_s,
        articulation_phones_per_s=n_phones / max(span_s - silent_s, FRAME_S),
    )


def _with_unread(
    spans: Sequence[Span], alignment: Alignment, words: Sequence[Sequence[str]]
) -> tuple[Span, ...]:
    """Return the spans of all phones of a text: phones of passages that were not read have no times."""
    unread = {word for first, last in alignment.unread for word in range(first, last)}
    known = iter(spans)
    return tuple(
        (None, None) if index in unread else next(known) for index, word in enumerate(words) for _ in word
    )


def _timing(outputs: Outputs, alignment: Alignment, n_words: int | None, *, mismatched: bool) -> Timing:
    return Timing(
        spans=tuple(phone_spans_s(alignment)),
        pauses=pauses(outputs, alignment),
        rates=rates(alignment, n_words),
        mismatched=mismatched,
        snr_db=snr_db(outputs, alignment),
    )
