"""Frames and audio tokens of a clip in Phi-4-multimodal, and which clips its audio encoder takes."""

from __future__ import annotations

from enunciate.audio import SAMPLE_RATE_HZ
from enunciate.errors import AudioTooLongError, AudioTooShortError

MAX_AUDIO_S = 40.0
"""The audio encoder was trained on clips up to this length."""
FRAMES_PER_TOKEN = 8
"""Feature frames (10 ms) per audio token."""
_WINDOW, _HOP = 400, 160
"""Samples per feature frame, and from one frame to the next."""


def n_frames_of(n_samples: int) -> int:
    """Number of feature frames of a clip at 16 kHz."""
    return max(0, (n_samples - _WINDOW) // _HOP + 1)


def n_tokens_of(n_frames: int) -> int:
    """Number of audio tokens of a clip: one per 8 frames, rounded up."""
    return -(-n_frames // FRAMES_PER_TOKEN)


def check_length(n_samples: int, name: str) -> None:
    """Refuse clips that the audio encoder cannot take.

    Args:
        n_samples: Length of the clip at 16 kHz.
        name: What the error message calls the clip.

    Raises:
        AudioTooLongError: The clip is longer than `MAX_AUDIO_S`.
        AudioTooShortError: The clip is shorter than one frame.
    """
    if n_samples > MAX_AUDIO_S * SAMPLE_RATE_HZ:
        raise AudioTooLongError(
            f"{name} lasts {n_samples / SAMPLE_RATE_HZ:.1f} s, longer than the {MAX_AUDIO_S:g} s that "
            "Phi-4-multimodal takes: cut it into sentences"
        )
    if n_samples < _WINDOW:
        raise AudioTooShortError(
            f"{name} lasts {1000 * n_samples / SAMPLE_RATE_HZ:.0f} ms, shorter than one frame of 25 ms: "
            "record a whole word"
        )
