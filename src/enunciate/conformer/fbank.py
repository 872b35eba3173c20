"""Log-mel filterbank features, the same code for training and running.

Kaldi-compatible filterbanks by kaldi-native-fbank (80 bins, 25 ms window, 10 ms hop, no dither), with a floor
relative to the loudest bin, because digital silence would otherwise lie far below the noise of any room.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import kaldi_native_fbank as knf
import numpy as np
import numpy.typing as npt

SAMPLE_RATE_HZ = 16_000
HOP_S = 0.01
N_MELS = 80
SUBSAMPLING = 3
"""Feature frames per encoder frame, which is 30 ms long."""
LOW_HZ = 20.0
HIGH_HZ = 7_600.0
DYNAMIC_RANGE = 14.0
"""The range kept below the loudest value of a clip, in natural-log units (about 60 dB)."""
SCALE = 0.25
"""Scales features to about unit variance; a constant, because a clip's own variance carries information."""

Features = npt.NDArray[np.float32]


def log_mel(samples: npt.NDArray[np.float32]) -> Features:
    """Compute floored log-mel energies, shape (frames, 80), of 16 kHz samples in [-1, 1], shape (n,)."""
    options = knf.FbankOptions()
    options.frame_opts.dither = 0.0
    options.frame_opts.snip_edges = False
    options.frame_opts.samp_freq = SAMPLE_RATE_HZ
    options.mel_opts.num_bins = N_MELS
    options.mel_opts.low_freq = LOW_HZ
    options.mel_opts.high_freq = HIGH_HZ
    bank = knf.OnlineFbank(options)
    bank.accept_waveform(SAMPLE_RATE_HZ, cast("Sequence[float]", samples * np.float32(32768.0)))
    bank.input_finished()
    frames = [bank.get_frame(index) for index in range(bank.num_frames_ready)]
    features = np.asarray(frames, dtype=np.float32).reshape(-1, N_MELS)
    return np.maximum(features, features.max() - DYNAMIC_RANGE) if len(features) else features


def normalise(features: Features) -> Features:
    """Subtract each bin's mean over the clip, and scale, shape (T, 80) -> (T, 80)."""
    return ((features - features.mean(axis=0, keepdims=True)) * SCALE).astype(np.float32)


def mel_centres_hz() -> npt.NDArray[np.float64]:
    """Return the centre frequency of each bin, shape (80,)."""
    low, high = _mel(np.array(LOW_HZ)), _mel(np.array(HIGH_HZ))
    points = low + (high - low) * np.arange(1, N_MELS + 1) / (N_MELS + 1)
    return 700.0 * (np.exp(points / 1127.0) - 1.0)


def bin_of_hz(hz: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the fractional bin index of each frequency, the inverse of `mel_centres_hz`."""
    low, high = _mel(np.array(LOW_HZ)), _mel(np.array(HIGH_HZ))
    return (_mel(hz) - low) / (high - low) * (N_MELS + 1) - 1.0


def _mel(hz: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return 1127.0 * np.log(1.0 + hz / 700.0)
