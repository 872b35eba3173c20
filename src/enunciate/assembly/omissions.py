"""When a word of the reference text counts as omitted, for every engine that can tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

OMISSION_COST = 5.0
"""For `pocket`, whose alignment may pass over a word: the negative log-probability that this costs. A word is
omitted where aligning it costs more, so a lower value finds more omissions."""
OMISSION_COST_PER_PHONE = 3.0
"""Added for each phone of the word."""

OMISSION_MAX_LOG_PROB = -5.0
"""For `gop-hmm`, whose alignment gives every word a place, said or not: a word is omitted if the mean
log-probability of its phones is below this and its place is short."""
OMISSION_MAX_S_PER_PHONE = 0.06
"""The place of a word is short up to this mean duration of its phones."""


def omission_cost(n_phones: int) -> float:
    """Return the cost of omitting a word of `n_phones` phones in a forced alignment."""
    return OMISSION_COST + OMISSION_COST_PER_PHONE * n_phones


def omitted_by_fit(
    log_prob: npt.NDArray[np.floating], s_per_phone: npt.NDArray[np.floating]
) -> npt.NDArray[np.bool_]:
    """Whether each of W words was omitted, given the fit and the duration of its phones in an alignment.

    Args:
        log_prob: Mean log-probability of the phones of each word, shape (W,).
        s_per_phone: Mean duration of the phones of each word, in seconds, shape (W,).
    """
    return (log_prob < OMISSION_MAX_LOG_PROB) & (s_per_phone <= OMISSION_MAX_S_PER_PHONE)


def omitted_by_recognition(heard: Iterable[Sequence[str]]) -> bool:
    """Whether nothing was recognised in the place of any phone of a word, given the symbols of each."""
    return not any(heard)
