"""Band-limited resampling of whole clips."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def _smooth(length: int) -> int:
    """Return the smallest even number from `length` up that has small prime factors, whose FFT is fast."""
    length += length % 2
    while True:
        rest = length
        for prime in (2, 3, 5, 7, 11):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return length
        length += 2


def resample(samples: npt.NDArray[np.int16], ratio: float) -> tuple[npt.NDArray[np.float32], float]:
    """Resample a whole clip through the FFT, band-limited.

    Both lengths are rounded up to ones with a fast FFT, so that the true ratio differs by about 1% from
    the given one. Times have to be scaled by the true ratio.

    Args:
        samples: (samples,).
        ratio: The new length over the old one.

    Returns:
        The new samples, at the scale of the old ones, and the true ratio.
    """
    before = _smooth(len(samples) + 512)  # zeros keep the end from wrapping around
    after = _smooth(round(before * ratio))
    spectrum = np.fft.rfft(samples.astype(np.float32), before)
    kept = np.zeros(after // 2 + 1, np.complex128)
    shared = min(len(kept), len(spectrum))
    kept[:shared] = spectrum[:shared]
    true_ratio = after / before
    resampled = np.fft.irfft(kept, after)[: round(len(samples) * true_ratio)] * true_ratio
    return resampled.astype(np.float32), true_ratio
