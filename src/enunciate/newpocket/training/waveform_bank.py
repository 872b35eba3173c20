"""All clips on the training device, and batches of phrases that are cut out of them there.

A row of a batch is one stretch of sound: some silence, one to three clips of one speaker, cut to their
speech, with pauses between, perhaps a pause put between two words. A phrase is one clip in it, with its own
labels.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from enunciate.newpocket.training.scorer_inputs import Phrase


@dataclass(frozen=True)
class Batch:
    """B rows of n samples and F frames of 20 ms, with P phrases of U phones and W words at most."""

    waves: Tensor
    """`(B, n)` samples from -1 to 1 at 16 kHz."""
    frames10: Tensor
    """`(B,)` frames of 10 ms before the tempo changes."""
    tempo: Tensor
    """`(B,)` the speed that each row is to get; 2 is twice as fast."""
    frames: Tensor
    """`(B,)` frames of 10 ms after the tempo has changed."""
    host_frames: Tensor
    """`frames` on the host."""
    frame_class: Tensor
    """`(B, F)` class, 0 for silence, -1 where unknown; like all that follows, after the tempo has changed."""
    tone: Tensor
    """`(B, F)` semitones about the median of the clip, 0 where unvoiced."""
    voiced: Tensor
    """`(B, F)` 0 or 1."""
    level: Tensor
    """`(B, F)` decibels relative to the loudest frame of the clip."""
    labels: Tensor
    """`(B, L)` the classes that CTC is to find, with wildcards."""
    label_counts: Tensor
    """`(B,)` real labels, on the host."""
    row: Tensor
    """`(P,)` the row of each phrase."""
    phrase: Phrase
    """Phones of the phrases; times in frames of their row."""
    n_words: int
    """W."""
    phone_low: Tensor
    """`(P, U)` 0 to 2; -1 where unknown."""
    phone_high: Tensor
    word_low: Tensor
    """`(P, W)` 0 to 10; -1 where unknown."""
    word_high: Tensor
    low: Tensor
    """`(P, 4)` 0 to 10; -1 where unknown."""
    high: Tensor
    real_speech: Tensor
    """`(P,)` 1 for recordings, 0 for synthetic speech."""
    clips: list[int]
    """`P` the clip of each phrase, as a number in the bank."""
