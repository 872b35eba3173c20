"""Greedy CTC decoding: the symbols that the joint model heard, with their probabilities."""

from __future__ import annotations

from typing import cast

from torch import Tensor

from enunciate.assembly.diagnosis import HeardSymbol
from enunciate.baselines.ssl.model import BLANK, SYMBOLS


def decode_ctc(log_probs: Tensor) -> tuple[HeardSymbol, ...]:
    """Take the most likely class of each frame (F, 41), merge repeats and drop blanks.

    The probability of a symbol is the greatest that it has in its frames.
    """
    peaks, classes = log_probs.exp().max(dim=1)
    probabilities = cast("list[float]", peaks.tolist())
    labels = cast("list[int]", classes.tolist())
    heard: list[HeardSymbol] = []
    last = BLANK
    for label, peak in zip(labels, probabilities, strict=True):
        if label == last and label != BLANK:
            heard[-1] = HeardSymbol(heard[-1].symbol, max(heard[-1].probability, min(peak, 1.0)))
        elif label != BLANK:
            heard.append(HeardSymbol(SYMBOLS[label], min(peak, 1.0)))
        last = label
    return tuple(heard)
