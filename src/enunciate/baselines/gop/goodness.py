"""Goodness of pronunciation (GOP) of the phones of a clip, in three forms.

With an alignment (Witt and Young 2000, in the posterior form of Hu et al. 2015), from the frame head:
`posterior`, the log-posterior of the canonical phone averaged over its frames, and `ratio`, the same minus
that of the best other phone. Without an alignment, from the CTC head: `ctc` (see `ctc_gop`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from enunciate.baselines.forest.prosody import rate_features
from enunciate.baselines.gop.ctc_gop import ctc_gop
from enunciate.baselines.phone_posteriors import FLOOR, mean_log_posteriors
from enunciate.pocket.acoustic_model import Outputs
from enunciate.pocket.forced_alignment import Alignment, LogProbs
from enunciate.pocket.symbols import SILENCE

Array = npt.NDArray[np.float64]
Evidence = Literal["posterior", "ratio", "ctc", "loop"]
"""A form of goodness: the mean log-posterior of the canonical phone; its ratio to the best other phone; the
alignment-free ratio; the log-likelihood of the canonical phone against that of the best phone loop."""
ENCODER_FORMS: tuple[Evidence, ...] = ("posterior", "ratio", "ctc")
_LOW_QUANTILE = 0.25


@dataclass(frozen=True)
class Goodness:
    """The input of the regressions for one clip of U phones."""

    classes: npt.NDArray[np.int64]
    """(U,)"""
    phones: Array
    """(U, K) goodness of each phone, in the order of `forms`."""
    rates: Array
    """(9,) rates and pauses."""
    forms: tuple[Evidence, ...] = ENCODER_FORMS
    """The forms of goodness that are known of this clip."""

    def select(self, evidence: tuple[Evidence, ...]) -> Array:
        """Return the columns of some forms of goodness, (U, K)."""
        return self.phones[:, [self.forms.index(name) for name in evidence]]

    def pooled(self, evidence: tuple[Evidence, ...]) -> Array:
        """Describe the utterance: (3 K + 9,) mean, spread and low quantile of each form, rates and pauses."""
        chosen = self.select(evidence)
        low = np.quantile(chosen, _LOW_QUANTILE, axis=0)
        return np.concatenate((chosen.mean(axis=0), chosen.std(axis=0), low, self.rates))


def goodness_of(out: Outputs, alignment: Alignment) -> Goodness:
    """Compute all forms of the goodness of aligned phones."""
    posterior, ratio = posterior_forms(out.frame, alignment)
    alignment_free = np.maximum(ctc_gop(out.ctc, alignment.classes), FLOOR)
    forms = np.column_stack((posterior, ratio, alignment_free))
    return Goodness(alignment.classes, forms, np.array(rate_features(alignment)))


def posterior_forms(frame: LogProbs, alignment: Alignment) -> tuple[Array, Array]:
    """Compute `posterior` and `ratio`, (U,) each, from frame log-probabilities (F, 40)."""
    rows = np.arange(len(alignment.classes))
    posterior = mean_log_posteriors(frame, alignment).astype(np.float64)
    own = posterior[rows, alignment.classes]
    rivals = posterior.copy()
    rivals[rows, alignment.classes] = -np.inf
    rivals[:, SILENCE] = -np.inf
    return own, own - rivals.max(axis=1)
