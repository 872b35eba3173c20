"""The input of `gopt`: goodness of pronunciation as vectors, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enunciate.baselines.phone_posteriors import mean_log_posteriors
from enunciate.pocket.acoustic_model import Outputs
from enunciate.pocket.forced_alignment import Alignment
from enunciate.pocket.symbols import N_CLASSES

N_GOP = 2 * N_CLASSES
"""A log-posterior and a log-ratio for each class."""


@dataclass(frozen=True)
class GopVectors:
    """The U phones of a clip."""

    classes: npt.NDArray[np.int64]
    """(U,) canonical classes."""
    gop: npt.NDArray[np.float32]
    """(U, N_GOP) the mean log-posterior of each class over the phone's frames (LPP), then the same minus that
    of the canonical phone (LPR)."""


def gop_vectors(out: Outputs, alignment: Alignment) -> GopVectors:
    """Compute LPP and LPR of aligned phones from the frame head (Hu et al. 2015; Gong et al. 2022)."""
    posterior = mean_log_posteriors(out.frame, alignment)
    own = posterior[np.arange(len(alignment.classes)), alignment.classes]
    return GopVectors(alignment.classes, np.concatenate((posterior, posterior - own[:, None]), axis=1))
