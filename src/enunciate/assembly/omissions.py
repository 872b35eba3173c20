"""The rules by which a word of the reference text counts as omitted, with their thresholds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

OMISSION_MAX_LOG_PROB = -5.0
"""A forced alignment gives every word a place, said or not. Under this mean log-probability of its phones the
word was not said, if its place is short too."""
OMISSION_MAX_FRAMES_PER_PHONE = 2.0
"""The place of a word is short up to this many encoder frames (30 ms) per phone."""


def omitted_by_alignment(mean_log_prob: float, frames_per_phone: float) -> bool:
    """Whether a word that was aligned by force was omitted.

    Args:
        mean_log_prob: The mean log-probability of its phones in their frames.
        frames_per_phone: The mean duration of its phones in encoder frames.
    """
    return mean_log_prob < OMISSION_MAX_LOG_PROB and frames_per_phone <= OMISSION_MAX_FRAMES_PER_PHONE


def omitted_by_recognition(heard: Iterable[Sequence[str]]) -> bool:
    """Whether a word was omitted, given the symbols heard in the place of each of its phones: none at all."""
    return not any(heard)
