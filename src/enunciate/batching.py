"""Which clips go into a batch together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from enunciate.schema import Utterance


def batches_of_similar_length(utterances: Sequence[Utterance], size: int) -> Iterator[list[int]]:
    """Yield batches of indices of utterances, the longest first, so that a batch is hardly padded.

    The size of a file or of an array tells the length well enough: nothing is decoded. Batches of one keep
    the order.
    """
    order = list(range(len(utterances)))
    if size > 1:
        order.sort(key=lambda index: -_audio_size(utterances[index]))
    for begin in range(0, len(order), size):
        yield order[begin : begin + size]


def _audio_size(utterance: Utterance) -> int:
    audio = utterance.audio
    if isinstance(audio, Path):
        return audio.stat().st_size if audio.is_file() else 0
    return len(audio) if isinstance(audio, bytes) else audio.samples.nbytes
