"""How a base model cuts a clip into frames and audio tokens, and which clips it takes."""

from __future__ import annotations

from dataclasses import dataclass

from enunciate.audio import SAMPLE_RATE_HZ
from enunciate.errors import AudioTooLongError, AudioTooShortError

HOP = 160
"""Samples from one feature frame to the next, for every family."""


@dataclass(frozen=True)
class AudioGeometry:
    """The frames and audio tokens of clips at 16 kHz for one family of models."""

    model: str = "this model"
    """What error messages call the model."""
    max_s: float = 40.0
    """The longest clip that the audio encoder was trained on."""
    window: int = 400
    """Samples of one feature frame, which a clip must have at least."""
    centred: bool = False
    """Whether frames are centred on multiples of `HOP`, so that the ends of a clip are padded."""
    frames_per_token: int = 8
    """Feature frames (10 ms) per audio token."""
    frames_of_last_token: int = 1
    """How many frames at the end of a clip are enough for a token of their own."""

    def n_frames(self, n_samples: int) -> int:
        """Number of feature frames of a clip."""
        if self.centred:
            return n_samples // HOP
        return max(0, (n_samples - self.window) // HOP + 1)

    def n_tokens(self, n_frames: int) -> int:
        """Number of audio tokens of a clip: one per `frames_per_token` frames, and one for the rest."""
        return (n_frames + self.frames_per_token - self.frames_of_last_token) // self.frames_per_token

    def check_length(self, n_samples: int, name: str) -> None:
        """Refuse clips that the audio encoder cannot take.

        Args:
            n_samples: Length of the clip at 16 kHz.
            name: What the error message calls the clip.

        Raises:
            AudioTooLongError: The clip is longer than `max_s`.
            AudioTooShortError: The clip is shorter than one frame.
        """
        if n_samples > self.max_s * SAMPLE_RATE_HZ:
            raise AudioTooLongError(
                f"{name} lasts {n_samples / SAMPLE_RATE_HZ:.1f} s, longer than the {self.max_s:g} s that "
                f"{self.model} takes: cut it into sentences"
            )
        if n_samples < self.window:
            raise AudioTooShortError(
                f"{name} lasts {1000 * n_samples / SAMPLE_RATE_HZ:.0f} ms, shorter than one frame of 25 ms: "
                "record a whole word"
            )


def clip_name(index: int, count: int) -> str:
    """Return what an error message calls a clip of several."""
    return "the clip" if count == 1 else f"clip {index + 1} of {count}"
