"""Clips encoded together and one by one, which must be the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from support.speech_lm_cases import clip
from torch import Tensor

from enunciate.speech_lm.audio_batch import audio_batch


def encoded_both_ways(
    model: Any, processor: Any, lengths: Sequence[float]
) -> Iterator[tuple[Tensor, Tensor, int]]:
    """Yield the states of each clip in the batch (T, D), those alone (T, D), and its number of tokens."""
    clips = [processor.features(clip(seconds, seed)) for seed, seconds in enumerate(lengths)]
    together = model.encode(audio_batch(clips, processor.geometry))
    for index, features in enumerate(clips):
        alone = model.encode(audio_batch([features], processor.geometry))
        yield together.states[index], alone.states[0], int(alone.n_tokens)
