"""What was said in place of a phone: alternatives weighed by how well each explains the sound around it.

For one canonical phone the neighbours are taken as they are, and in its place each alternative is tried: the
phone itself, every other phone, none at all (a deletion), and the phone followed by a schwa (an added vowel).
The CTC likelihood of each, over the frames from the phone before to the phone after, needs no boundary
between them. A prior says how plausible a confusion is, by the articulatory distance, and a temperature makes
the probabilities mean what they say. `benchmarks/diagnosis_prior.py` fits them to neural voices that say
known sounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enunciate.phones.articulation import distance_table
from enunciate.pocket.forced_alignment import Alignment, LogProbs
from enunciate.pocket.symbols import BLANK, CLASS_OF_PHONE, N_CLASSES

Floats = npt.NDArray[np.float64]

TEMPERATURE = 1.7
"""Divides the log-likelihoods, so that the probabilities are as often right as they say."""
DISTANCE_WEIGHT = 4.8
"""How much less plausible a confusion with a distant phone is."""
DELETION_LOG_PRIOR = -3.3
ADDED_VOWEL_LOG_PRIOR = -2.9
ADJOINING_FRAMES = 3
MARGIN_FRAMES = 1
SCHWA = CLASS_OF_PHONE["AH"]


@dataclass(frozen=True)
class Alternative:
    """One thing that may have been said, and its probability among all alternatives."""

    classes: tuple[int, ...]
    """Empty for a deletion, two classes for an added vowel."""
    probability: float


def ctc_log_likelihoods(log_probs: LogProbs, sequences: Sequence[Sequence[int]]) -> Floats:
    """The CTC log-likelihood of each of several label sequences over the same frames (Graves et al., 2006).

    Args:
        log_probs: (T, C) with the blank as class 0.
        sequences: H label sequences.

    Returns:
        (H,), minus infinity where a sequence does not fit into the frames.
    """
    longest = 2 * max(len(labels) for labels in sequences) + 1
    states = np.full((len(sequences), longest), BLANK)
    for row, labels in enumerate(sequences):
        states[row, 1 : 2 * len(labels) : 2] = labels
    skips = np.zeros_like(states, dtype=bool)
    skips[:, 2:] = (states[:, 2:] != BLANK) & (states[:, 2:] != states[:, :-2])
    scores = np.full((len(sequences), longest + 2), -np.inf)
    scores[:, 2] = log_probs[0, BLANK]
    scores[:, 3] = log_probs[0, states[:, 1]] if longest > 1 else -np.inf
    for frame in log_probs[1:]:
        stay, step = scores[:, 2:], scores[:, 1:-1]
        skip = np.where(skips, scores[:, :-2], -np.inf)
        scores[:, 2:] = np.logaddexp(np.logaddexp(stay, step), skip) + frame[states]
    ends = np.array([2 * len(labels) for labels in sequences])
    rows = np.arange(len(sequences))
    last, before = scores[rows, ends + 2], scores[rows, np.maximum(ends + 1, 1)]
    return np.where(ends > 0, np.logaddexp(last, before), last)


def alternatives_at(log_probs: LogProbs, alignment: Alignment, phone: int) -> list[Alternative]:
    """All alternatives at one phone of an alignment, the most probable first.

    Args:
        log_probs: (T, C) CTC log-probabilities of the clip.
        alignment: The canonical phones in time.
        phone: Index of the phone in the alignment.
    """
    own = int(alignment.classes[phone])
    scores = log_likelihoods_at(log_probs, alignment, phone) / TEMPERATURE + _log_prior(own)
    shares = np.exp(scores - scores.max())
    shares /= shares.sum()
    hypotheses = _hypotheses(own)
    order: list[int] = np.argsort(-shares).tolist()
    return [Alternative(hypotheses[k], float(shares[k])) for k in order]


def log_likelihoods_at(log_probs: LogProbs, alignment: Alignment, phone: int) -> Floats:
    """Return the log-likelihoods at one phone: of none, of each phone, and of an added vowel, (C + 1,)."""
    start, end, before, after = _window(alignment, phone)
    sequences = [[*before, *middle, *after] for middle in _hypotheses(int(alignment.classes[phone]))]
    return ctc_log_likelihoods(log_probs[start:end], sequences)


def _hypotheses(own: int) -> list[tuple[int, ...]]:
    return [(), *((label,) for label in range(1, N_CLASSES)), (own, SCHWA)]


def _log_prior(own: int) -> Floats:
    """(C + 1,): how plausible each alternative is, up to a constant; an added vowel comes last."""
    distances = distance_table()[own - 1]
    return np.concatenate(([DELETION_LOG_PRIOR], -DISTANCE_WEIGHT * distances, [ADDED_VOWEL_LOG_PRIOR]))


def _window(alignment: Alignment, phone: int) -> tuple[int, int, list[int], list[int]]:
    """The frames from the phone before to the phone after, and the classes of these two if they adjoin."""
    start, end = int(alignment.start[phone]), int(alignment.end[phone])
    before: list[int] = []
    after: list[int] = []
    if phone > 0 and start - int(alignment.end[phone - 1]) <= ADJOINING_FRAMES:
        start = int(alignment.start[phone - 1])
        before = [int(alignment.classes[phone - 1])]
    if phone + 1 < len(alignment.classes) and int(alignment.start[phone + 1]) - end <= ADJOINING_FRAMES:
        end = int(alignment.end[phone + 1])
        after = [int(alignment.classes[phone + 1])]
    return max(0, start - MARGIN_FRAMES), end + MARGIN_FRAMES, before, after
