"""The encoder under ONNX Runtime: samples in, posteriors, streams and prosody out, 50 frames per second."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from enunciate.onnx_session import Session
from enunciate.pocket.log_mel import HOP, log_mel
from enunciate.pocket.pitch import track
from enunciate.progress import Progress

Floats = npt.NDArray[np.float32]

FRAME_S = 0.02
FRAME_SAMPLES = 2 * HOP
WINDOW = 600
"""Frames that the encoder sees at once. It has positions for 1,500, but it learnt from clips of a few
seconds, and the memory of its attention grows with the square."""
MARGIN = 150
"""Frames at a cut that are computed twice, and kept from the side with more context."""


@dataclass(frozen=True)
class Outputs:
    """What the encoder and the pitch tracker give for one clip; T frames of 20 ms."""

    ctc: Floats
    """(T, 40) log-probabilities of the CTC head; class 0 is the blank."""
    frame: Floats
    """(T, 40) log-probabilities of the frame head; class 0 is silence."""
    sound: Floats
    """(T, S) stream for how sounds were produced."""
    melody: Floats
    """(T, M) stream for rhythm and intonation."""
    tone: Floats
    """(T,) semitones about the median of the reading; 0 where unvoiced."""
    voiced: Floats
    """(T,) 0 or 1."""
    level: Floats
    """(T,) level in decibels relative to the loudest frame."""

    def until(self, end: int) -> Outputs:
        """The frames before one."""
        return Outputs(*(getattr(self, name)[:end] for name in self.__dataclass_fields__))

    def cut(self, start: int, end: int) -> dict[str, Floats]:
        """The frames of one phrase by name, with a leading dimension of 1, as the scorers take them."""
        return {name: getattr(self, name)[None, start:end] for name in self.__dataclass_fields__}


class AcousticModel:
    """The exported encoder."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        self._session = Session(path, threads)

    def __call__(self, samples: Floats, progress: Progress | None = None) -> Outputs:
        """Encode 16 kHz samples, shape (n,), into T = n // 320 frames (at least one).

        Args:
            samples: The clip.
            progress: Told how many seconds of the clip are encoded.
        """
        *_, outputs = self.in_windows(samples, progress)
        return outputs

    def in_windows(self, samples: Floats, progress: Progress | None = None) -> Iterator[Outputs]:
        """Encode 16 kHz samples window by window, and yield all frames that are known after each.

        Pitch and level are those of the whole clip from the first on.

        Args:
            samples: The clip.
            progress: Told how many seconds of the clip are encoded.
        """
        n_frames = max(1, len(samples) // FRAME_SAMPLES)
        prosody = prosody_tracks(samples, n_frames)
        whole: list[Floats] = []
        for first, start, end, last in windows(n_frames):
            encoded = self._encode(samples, first, start, end, last)
            whole = whole or [np.empty((n_frames, part.shape[1]), np.float32) for part in encoded]
            for array, part in zip(whole, encoded, strict=True):
                array[start:end] = part
            if progress is not None:
                progress(round(end * FRAME_S), round(n_frames * FRAME_S))
            ctc, frame, sound, melody = (array[:end] for array in whole)
            tone, voiced, level = (track[:end] for track in prosody)
            yield Outputs(ctc, frame, sound, melody, tone, voiced, level)

    def encode_alone(self, samples: Floats, outputs: Outputs, start: int, end: int) -> Outputs:
        """Encode a stretch of a clip as if there were nothing else.

        Args:
            samples: The clip.
            outputs: Those of the clip. Pitch and level, which are relative to the whole of it, are kept.
            start: The first frame.
            end: The frame after the last; at most `WINDOW` from the first.

        Returns:
            The outputs of the stretch alone.
        """
        encoded = self._encode(samples, start, start, end, end)
        prosody = (outputs.tone, outputs.voiced, outputs.level)
        return Outputs(*encoded, *(track[start:end] for track in prosody))

    def _encode(self, samples: Floats, first: int, start: int, end: int, last: int) -> list[Floats]:
        """Encode frames first..last and keep those of start..end."""
        mel = log_mel(samples[first * FRAME_SAMPLES : last * FRAME_SAMPLES])
        outputs = self._session.run({"mel": mel[None]})
        return [array[0, start - first : end - first] for array in outputs]


def prosody_tracks(samples: Floats, n_frames: int) -> tuple[Floats, Floats, Floats]:
    """Track `Outputs.tone`, `voiced` and `level`, (T,) each, of 16 kHz samples, shape (n,)."""
    prosody = track(samples)
    places = np.minimum(2 * np.arange(n_frames) + 1, len(prosody.tone) - 1)
    return prosody.tone[places], prosody.voiced[places], prosody.level[places]


def windows(n_frames: int) -> list[tuple[int, int, int, int]]:
    """Cut a clip into windows: (first, start, end, last) frames, of which start..end are kept."""
    spans: list[tuple[int, int, int, int]] = []
    for first in range(0, max(1, n_frames - 2 * MARGIN), WINDOW - 2 * MARGIN):
        last = min(first + WINDOW, n_frames)
        start = first if first == 0 else first + MARGIN
        end = n_frames if last == n_frames else last - MARGIN
        spans.append((first, start, end, last))
        if last == n_frames:
            break
    return spans
