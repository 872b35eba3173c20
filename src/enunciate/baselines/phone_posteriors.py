"""Log-posteriors of an encoder, averaged over the frames of each aligned phone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from enunciate.pocket.forced_alignment import Alignment, LogProbs

FLOOR = -12.0
"""Log-probabilities are clipped here; lower ones carry no information."""


def mean_log_posteriors(frame: LogProbs, alignment: Alignment) -> npt.NDArray[np.float32]:
    """Floor the log-probabilities (F, 40) of the frame head, and average them over each phone: (U, 40)."""
    spans = zip(alignment.start.tolist(), alignment.end.tolist(), strict=True)
    return np.stack([np.maximum(frame[start:end], FLOOR).mean(axis=0) for start, end in spans])
