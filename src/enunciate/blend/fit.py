"""Learning the weights of a blend from scores of both engines, for speakers whom neither has learnt from."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from enunciate.blend.weights import AspectWeights
from enunciate.pocket.calibration import known_interval
from enunciate.schema import ASPECTS, Aspect

Array = npt.NDArray[np.float64]


def fit_blend(pocket: Array, other: Array, human: Array) -> dict[Aspect, AspectWeights]:
    """Return the weights with the least squared error, and the intervals of what they give.

    Args:
        pocket: (N, 4) utterance scores of `pocket`, in the order of `ASPECTS`.
        other: (N, 4) utterance scores of the other engine.
        human: (N, 4) human scores; NaN where there is none.
    """
    fitted: dict[Aspect, AspectWeights] = {}
    for k, aspect in enumerate(ASPECTS):
        inputs = np.stack([np.ones(len(human)), pocket[:, k], other[:, k]], axis=1)
        known = np.isfinite(human[:, k])
        best: Array = np.linalg.pinv(inputs[known]) @ human[known, k]
        fitted[aspect] = AspectWeights(
            offset=float(best[0]),
            pocket=float(best[1]),
            other=float(best[2]),
            interval=known_interval(inputs @ best, human[:, k]),
        )
    return fitted
