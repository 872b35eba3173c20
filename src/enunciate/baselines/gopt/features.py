"""What `gopt` sees of a clip: goodness of pronunciation as vectors, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enunciate.pocket.features import Outputs, mean_log_posteriors
from enunciate.pocket.forced_alignment import Alignment
from enunciate.pocket.symbols import N_CLASSES

N_GOP = 2 * N_CLASSES
"""Log-posteriors and log-ratios, of each class."""


@dataclass(frozen=True)
class GopVectors:
    """The phones of a clip, U of them."""

    classes: npt.NDArray[np.int64]
    """(U,)"""
    gop: npt.NDArray[np.float32]
    """(U, N_GOP) for each class its mean log-posterior over the phone's frames (LPP), then the same less that
    of the canonical phone (LPR)."""


def gop_vectors(out: Outputs, found: Alignment) -> GopVectors:
    """LPP and LPR of aligned phones (Hu et al. 2015; the inputs of Gong et al. 2022), from the frame head."""
    posterior = mean_log_posteriors(out, found)
    own = posterior[np.arange(len(found.classes)), found.classes]
    return GopVectors(found.classes, np.concatenate((posterior, posterior - own[:, None]), axis=1))
