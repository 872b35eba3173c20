"""Levels of a recording in decibels relative to full scale, without copies of a long one in float64."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_FRAME_S = 0.025
_FRAMES_AT_A_TIME = 400
_PARTS = 64
_FLOOR = 1e-20
"""A power that keeps the logarithm of digital silence finite: -200 dBFS."""


def loudest_dbfs(mono: npt.NDArray[np.float32], rate_hz: int) -> float:
    """Return the level of the loudest 25 ms of samples (n,), which a click in silence hardly raises."""
    size = max(1, round(_FRAME_S * rate_hz))
    mean = float(mono.mean(dtype=np.float64))
    frames = mono[: len(mono) // size * size].reshape(-1, size)
    parts = (frames[start : start + _FRAMES_AT_A_TIME] for start in range(0, len(frames), _FRAMES_AT_A_TIME))
    return _dbfs(max(float(np.square(part - mean, dtype=np.float64).mean(axis=1).max()) for part in parts))


def rms_dbfs(mono: npt.NDArray[np.float32]) -> float:
    """Return the level of the whole clip; the sums in float64 need no copy of the samples."""
    mean = float(mono.mean(dtype=np.float64))
    square = sum(float(np.square(part, dtype=np.float64).sum()) for part in np.array_split(mono, _PARTS))
    return _dbfs(square / len(mono) - mean**2)


def _dbfs(power: float) -> float:
    return 10 * float(np.log10(max(power, _FLOOR)))
