"""The mel scale of log-mel features with 80 bins, for augmentation that shifts frequencies.

The band limits differ a little from those of the processor's features, too little to matter for a random
change.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

N_MELS = 80
LOW_HZ = 20.0
HIGH_HZ = 7_600.0

Array = npt.NDArray[np.float64]


def mel_centres_hz() -> Array:
    """Return the centre frequency of each bin, shape (80,)."""
    low, high = _mel(np.array(LOW_HZ)), _mel(np.array(HIGH_HZ))
    points = low + (high - low) * np.arange(1, N_MELS + 1) / (N_MELS + 1)
    return 700.0 * (np.exp(points / 1127.0) - 1.0)


def bin_of_hz(hz: Array) -> Array:
    """Return the fractional bin index of each frequency, the inverse of `mel_centres_hz`."""
    low, high = _mel(np.array(LOW_HZ)), _mel(np.array(HIGH_HZ))
    return (_mel(hz) - low) / (high - low) * (N_MELS + 1) - 1.0


def _mel(hz: Array) -> Array:
    return 1127.0 * np.log(1.0 + hz / 700.0)
