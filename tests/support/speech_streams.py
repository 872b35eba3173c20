"""What a client streams: tones and silences as PCM, and a clip that is spoken."""

from __future__ import annotations

import numpy as np
import soundfile as sf
from support.serve_cases import SPOKEN

from enunciate.serve.listening.pcm import PcmFormat

FORMAT = PcmFormat()


def sound(duration_s: float, volume: float = 0.3, audio_format: PcmFormat = FORMAT) -> bytes:
    """Noise in bursts of 0.2 s with gaps of 0.04 s, as the syllables of speech."""
    n_samples = round(duration_s * audio_format.rate_hz)
    time_s = np.arange(n_samples) / audio_format.rate_hz
    noise = np.random.default_rng(1).normal(0, volume / 3, n_samples) * (time_s % 0.24 < 0.2)
    samples = np.repeat((noise * 32767).clip(-32768, 32767).astype("<i2"), audio_format.channels)
    return samples.tobytes()


def silence(duration_s: float, volume: float = 0.0, audio_format: PcmFormat = FORMAT) -> bytes:
    """Steady noise at a level, or none."""
    n_samples = round(duration_s * audio_format.rate_hz) * audio_format.channels
    noise = np.random.default_rng(2).normal(0, volume, n_samples)
    return (noise * 32767).astype("<i2").tobytes()


def mixed(one: bytes, other: bytes) -> bytes:
    """The sum of two sounds of the same length."""
    samples = (np.frombuffer(data, dtype="<i2").astype(np.int32) for data in (one, other))
    return sum(samples).clip(-32768, 32767).astype("<i2").tobytes()


def spoken() -> bytes:
    """The spoken example at 16 kHz."""
    data, rate_hz = sf.read(SPOKEN, dtype="int16")
    assert rate_hz == FORMAT.rate_hz
    return data.tobytes()


def pieces(data: bytes, size: int = 3_200) -> list[bytes]:
    """The data in messages as the SDKs send them."""
    return [data[start : start + size] for start in range(0, len(data), size)]
