"""Soft targets of scores: distributions over 0 to 10 that say what is known of a score, and no more.

A score that is known only as a range is spread evenly over it. A spread beyond that tells the model that 7 is
nearer to 8 than to 2, which a plain cross-entropy does not know.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from enunciate.corpus.label_completion import ScoreRange
from enunciate.schema import ASPECTS, Aspect
from enunciate.speech_lm.targets import SCORES

ScoreTargets = tuple[tuple[float, ...], ...]
"""For each aspect the probabilities of 0 to 10."""
_NUMBERS = np.arange(len(SCORES), dtype=np.float64)


def score_distributions(
    scores: Mapping[Aspect, float], ranges: Mapping[str, ScoreRange], spread: float
) -> ScoreTargets:
    """Return a distribution for each aspect.

    Args:
        scores: The scores, for aspects without a range.
        ranges: The ranges that are known; an exact score is a range of one value.
        spread: Standard deviation of a normal distribution around each number, in points; 0 for none.
    """
    known = [ranges.get(aspect, ScoreRange(scores[aspect], scores[aspect])) for aspect in ASPECTS]
    return tuple(tuple(distribution(one, spread).tolist()) for one in known)


def distribution(known: ScoreRange, spread: float) -> npt.NDArray[np.float64]:
    """Return (11,) probabilities for one score.

    Each number covers the half point on either side, so that a score between two numbers is shared by them.

    >>> distribution(ScoreRange(7, 8), 0).tolist()[7:9]
    [0.5, 0.5]
    """
    low, high = known.low - 0.5, known.high + 0.5
    cover = np.minimum(high, _NUMBERS + 0.5) - np.maximum(low, _NUMBERS - 0.5)
    chances = np.clip(cover, 0.0, None)
    chances /= chances.sum()
    if spread == 0:
        return chances
    kernel = np.exp(-0.5 * ((_NUMBERS[:, None] - _NUMBERS[None]) / spread) ** 2)
    return chances @ (kernel / kernel.sum(axis=1, keepdims=True))
