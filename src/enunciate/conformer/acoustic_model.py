"""The exported encoder, run by ONNX Runtime: from samples to posteriors, quality stream and prosody."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from enunciate.conformer.fbank import SUBSAMPLING, Features, log_mel, normalise
from enunciate.conformer.features import Array, Outputs
from enunciate.conformer.pitch import track
from enunciate.pocket.onnx_session import Session

WINDOW = 1_500
"""The longest input in feature frames (10 ms); longer clips are cut, as attention grows quadratically."""
MARGIN = 150
"""Feature frames on each side of a cut that are computed twice and kept from the window with more context."""


class AcousticModel:
    """The exported encoder."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        self._session = Session(path, threads)

    def __call__(self, samples: npt.NDArray[np.float32]) -> Outputs:
        """Encode 16 kHz samples, shape (n,), of up to a minute; F = ceil(round(n / 160) / 3) frames."""
        features = normalise(log_mel(samples))
        pieces = [self._encode(features, *span) for span in windows(len(features))]
        ctc, frame, quality = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
        return Outputs(ctc, frame, quality, track(samples, len(ctc)))

    def _encode(self, features: Features, first: int, start: int, end: int, last: int) -> list[Array]:
        """Encode feature frames first..last and keep the outputs of start..end."""
        outputs = self._session.run({"features": features[None, first:last]})
        kept = slice((start - first) // SUBSAMPLING, -(-(end - first) // SUBSAMPLING))
        return [array[0, kept] for array in outputs]


def windows(n_frames: int) -> list[tuple[int, int, int, int]]:
    """Cut a clip into windows (first, start, end, last) of which feature frames start..end are kept.

    All but the last `end` and `last` are multiples of the subsampling, so that encoder frames share one grid.
    """
    if n_frames <= WINDOW:
        return [(0, 0, n_frames, n_frames)]
    stride = WINDOW - 2 * MARGIN
    starts = range(0, n_frames - 2 * MARGIN, stride)
    spans: list[tuple[int, int, int, int]] = []
    for first in starts:
        last = min(first + WINDOW, n_frames)
        start = first if first == 0 else first + MARGIN
        end = n_frames if last == n_frames else last - MARGIN
        spans.append((first, start, end, last))
        if last == n_frames:
            break
    return spans
