"""The signal-to-noise ratio of an aligned clip, from the level of its speech and of its silences."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from enunciate.pocket.acoustic_model import Outputs
from enunciate.pocket.forced_alignment import Alignment

EDGE_FRAMES = 2
"""Frames beside speech that are not taken for silence: a frame's level is measured over 50 ms."""
FEWEST_SILENT_FRAMES = 10
"""With fewer frames of silence nothing can be said of the noise."""
HIGHEST_DB = 60.0
"""The levels of `Outputs` end here, so that digital silence and a very quiet room are the same."""


def snr_db(outputs: Outputs, alignment: Alignment) -> float | None:
    """Estimate how far the speech is above the noise, in decibels.

    The noise is the median power of the frames outside of all aligned speech, which a breath or a click does
    not raise. The speech is the mean power of the frames of the phones, less the noise that is in them, too.

    Returns:
        At least -10 and at most `HIGHEST_DB`; None where there are too few frames of silence.
    """
    speech = np.zeros(len(outputs.level), dtype=bool)
    taken = np.zeros_like(speech)
    spans = [*zip(alignment.start.tolist(), alignment.end.tolist(), strict=True), *alignment.extra]
    for position, (start, end) in enumerate(spans):
        taken[max(0, start - EDGE_FRAMES) : end + EDGE_FRAMES] = True
        if position < len(alignment.word) and int(alignment.word[position]) not in alignment.omitted:
            speech[start:end] = True
    if not speech.any() or int((~taken).sum()) < FEWEST_SILENT_FRAMES:
        return None
    power: npt.NDArray[np.float64] = 10.0 ** (outputs.level.astype(np.float64) / 10)
    noise = float(np.median(power[~taken]))
    clean = max(float(power[speech].mean()) - noise, 0.1 * noise)
    return min(10 * float(np.log10(clean / noise)), HIGHEST_DB)
