"""Goodness of pronunciation of the phones of a clip, in three forms.

With an alignment (Witt and Young 2000, in the posterior form of Hu et al. 2015), from the frame head:
`posterior`, the log-posterior of the canonical phone averaged over its frames, and `ratio`, that less the
same of the best other phone. Without one, from the CTC head: `ctc` (`ctc_gop`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enunciate.baselines.baseline_recipes import Evidence
from enunciate.baselines.forest.prosody import rate_features
from enunciate.baselines.gop.ctc_gop import ctc_gop
from enunciate.pocket.features import FLOOR, Outputs, mean_log_posteriors
from enunciate.pocket.forced_alignment import Alignment
from enunciate.pocket.symbols import SILENCE

Array = npt.NDArray[np.float64]
EVIDENCE: tuple[Evidence, ...] = ("posterior", "ratio", "ctc")
LOW = 0.25
"""The quantile of the phones' goodness that stands beside its mean for the utterance."""


@dataclass(frozen=True)
class Goodness:
    """What `gop` knows of a clip of U phones."""

    classes: npt.NDArray[np.int64]
    """(U,)"""
    phones: Array
    """(U, K) in the order of `forms`."""
    rates: Array
    """(9,) rates and pauses."""
    forms: tuple[Evidence, ...] = EVIDENCE
    """Those that are known of this clip."""

    def of(self, evidence: tuple[Evidence, ...]) -> Array:
        """(U, K): some forms of goodness."""
        return self.phones[:, [self.forms.index(name) for name in evidence]]

    def utterance(self, evidence: tuple[Evidence, ...]) -> Array:
        """(3 K + 9,): mean, spread and low quantile of each form, then rates and pauses."""
        chosen = self.of(evidence)
        low = np.quantile(chosen, LOW, axis=0)
        return np.concatenate((chosen.mean(axis=0), chosen.std(axis=0), low, self.rates))


def goodness(out: Outputs, found: Alignment) -> Goodness:
    """All forms of the goodness of aligned phones."""
    rows = np.arange(len(found.classes))
    posterior = mean_log_posteriors(out, found).astype(np.float64)
    own = posterior[rows, found.classes]
    rivals = posterior.copy()
    rivals[rows, found.classes] = -np.inf
    rivals[:, SILENCE] = -np.inf
    free = np.maximum(ctc_gop(out.ctc, found.classes), FLOOR)
    forms = np.column_stack((own, own - rivals.max(axis=1), free))
    return Goodness(found.classes, forms, np.array(rate_features(found)))
