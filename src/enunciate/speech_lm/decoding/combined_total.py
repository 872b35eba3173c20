"""The total score from the other three.

Decoded last, `total` is all but settled by the scores before it, and its own distribution adds noise to what
they say. People's totals follow the other scores closely (`corpus.label_completion.fit_total_formula`), so an
adapter may take its expected total from its other expected scores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from enunciate.schema import Aspect
from enunciate.speech_lm.decoding.slots import Floats
from enunciate.speech_lm.options import TotalWeights
from enunciate.speech_lm.targets import SCORES

_PARTS: tuple[Aspect, ...] = ("accuracy", "fluency", "prosodic")
_NUMBERS = np.arange(len(SCORES), dtype=np.float64)
_FLOOR = 1e-9
"""No number is impossible, or the expectation could not be moved to every value."""
_EDGE = 0.01
"""Points that an expected total keeps from the ends of the scale."""
_STEEPEST, _HALVINGS = 100.0, 60


def combine_totals(
    distributions: Sequence[Mapping[Aspect, Floats]], weights: TotalWeights | None
) -> list[dict[Aspect, Floats]]:
    """Return the distributions about each clip, with that of the total moved to the sum of the others.

    Of all distributions with that expectation it is the nearest to the model's own (in relative entropy).

    Args:
        distributions: For each clip (11,) probabilities of 0 to 10 for each aspect.
        weights: Of accuracy, fluency and prosodic, and a constant; None leaves the totals as they are.
    """
    if weights is None or not distributions:
        return [dict(one) for one in distributions]
    *factors, constant = weights
    expected = [[float(one[aspect] @ _NUMBERS) for aspect in _PARTS] for one in distributions]
    totals = moved(
        np.stack([one["total"] for one in distributions]), np.array(expected) @ np.array(factors) + constant
    )
    return [{**one, "total": total} for one, total in zip(distributions, totals, strict=True)]


def moved(distributions: Floats, expectations: Floats) -> Floats:
    """Return the distributions (C, 11) of given expectations (C,) that are the nearest to (C, 11) ones."""
    wanted = np.clip(expectations, _EDGE, _NUMBERS[-1] - _EDGE)
    logs = np.log(np.asarray(distributions, dtype=np.float64) + _FLOOR)
    low, high = np.full(len(logs), -_STEEPEST), np.full(len(logs), _STEEPEST)
    for _ in range(_HALVINGS):
        tilt = (low + high) / 2
        is_low = _tilted(logs, tilt) @ _NUMBERS < wanted
        low, high = np.where(is_low, tilt, low), np.where(is_low, high, tilt)
    return _tilted(logs, (low + high) / 2)


def _tilted(logs: Floats, tilts: Floats) -> Floats:
    values = logs + tilts[:, None] * _NUMBERS
    shares = np.exp(values - values.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)
