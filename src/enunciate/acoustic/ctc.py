"""Reading phones out of CTC log-probabilities without a reference text."""

from __future__ import annotations

import numpy as np

from enunciate.acoustic.align import LogProbs
from enunciate.acoustic.symbols import BLANK


def greedy(log_probs: LogProbs) -> list[int]:
    """Most likely class of each frame, repeats merged and blanks dropped; (F, 40) -> classes."""
    best = log_probs.argmax(axis=1)
    changed = np.concatenate(([True], best[1:] != best[:-1]))
    return [int(label) for label in best[changed] if label != BLANK]
