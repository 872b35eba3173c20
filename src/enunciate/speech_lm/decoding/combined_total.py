"""The total score from the other three.

Decoded last, `total` is all but settled by the scores before it, and its own distribution adds noise to what
they say. People's totals follow the other scores closely (`corpus.label_completion.fit_total_formula`), so an
adapter may take its expected total from its other expected scores.
"""

from __future__ import annotations

from collections.abc import Mapping

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


def combine_total(
    distributions: Mapping[Aspect, Floats], weights: TotalWeights | None
) -> dict[Aspect, Floats]:
    """Return the distributions with that of the total moved to the sum of the other expectations.

    Of all distributions with that expectation it is the nearest to the model's own (in relative entropy).

    Args:
        distributions: (11,) probabilities of 0 to 10 for each aspect.
        weights: Of accuracy, fluency and prosodic, and a constant; None leaves the total as it is.
    """
    combined = dict(distributions)
    if weights is not None:
        parts = sum(w * float(distributions[a] @ _NUMBERS) for w, a in zip(weights, _PARTS, strict=False))
        combined["total"] = moved(distributions["total"], parts + weights[-1])
    return combined


def moved(distribution: Floats, expectation: float) -> Floats:
    """Return the distribution (11,) of this expectation that is the nearest to a given one."""
    wanted = min(max(expectation, _EDGE), _NUMBERS[-1] - _EDGE)
    logs = np.log(np.asarray(distribution, dtype=np.float64) + _FLOOR)
    low, high = -_STEEPEST, _STEEPEST
    for _ in range(_HALVINGS):
        tilt = (low + high) / 2
        low, high = (tilt, high) if _tilted(logs, tilt) @ _NUMBERS < wanted else (low, tilt)
    return _tilted(logs, (low + high) / 2)


def _tilted(logs: Floats, tilt: float) -> Floats:
    values = logs + tilt * _NUMBERS
    shares = np.exp(values - values.max())
    return shares / shares.sum()
