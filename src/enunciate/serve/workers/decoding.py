"""The samples so far of a file that has not arrived completely, as a worker decodes them."""

from __future__ import annotations

import numpy as np

from enunciate.audio import SAMPLE_RATE_HZ, load
from enunciate.errors import EnunciateError
from enunciate.media_container import without_cut_box
from enunciate.serve.workers.messages import ClipOutcome

_FULL_SCALE = 32_767


def samples_from(clip: bytes, from_s: float, longest_s: float) -> tuple[bytes, bytes]:
    """Return the outcome and the samples of a file from a time on, as 16-bit PCM, mono, 16 kHz.

    The beginning of a WebM, an Ogg, a FLAC or an MP4 in fragments, as browsers record it, can be decoded. A
    file that is not long enough yet, silent so far, or of a kind that needs its end, such as an M4A whose
    `moov` box stands there, gives an error.

    Args:
        clip: The file, or its beginning.
        from_s: Seconds that are known already.
        longest_s: The longest clip that is decoded.
    """
    try:
        speech = load(without_cut_box(clip), longest_s=longest_s)
    except EnunciateError as error:
        return ClipOutcome(error=error.code, message=str(error)).model_dump_json().encode(), b""
    new = speech.samples[round(from_s * SAMPLE_RATE_HZ) :]
    pcm = (np.clip(new, -1, 1) * _FULL_SCALE).astype("<i2").tobytes()
    return ClipOutcome(duration_s=speech.duration_s).model_dump_json().encode(), pcm
