"""Changes of a clip that a fair judge of pronunciation ignores, or hears in one score only.

All functions take and return float32 samples at 16 kHz, shape (samples,).
"""

from __future__ import annotations

import io
import warnings
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import soundfile as sf
import soxr

RATE_HZ = 16_000
Samples = npt.NDArray[np.float32]
Color = Literal["white", "pink", "brown"]
_EXPONENTS: dict[Color, float] = {"white": 0.0, "pink": 0.5, "brown": 1.0}
_WORLD_FRAME_MS = 5.0


def silence(duration_s: float) -> Samples:
    """Digital silence."""
    return np.zeros(round(duration_s * RATE_HZ), dtype=np.float32)


def with_edges(samples: Samples, edge_s: float) -> Samples:
    """A clip with silence before and after it."""
    return np.concatenate((silence(edge_s), samples, silence(edge_s)))


def with_gap(samples: Samples, at_s: float, gap_s: float) -> Samples:
    """A clip with a silence in it."""
    at = round(at_s * RATE_HZ)
    return np.concatenate((samples[:at], silence(gap_s), samples[at:]))


def gain(samples: Samples, gain_db: float) -> Samples:
    """A louder or quieter clip."""
    return (samples * 10 ** (gain_db / 20)).astype(np.float32)


def telephone(samples: Samples) -> Samples:
    """A clip that has passed an 8 kHz channel."""
    narrow = soxr.resample(samples, RATE_HZ, 8_000)
    return soxr.resample(narrow, 8_000, RATE_HZ).astype(np.float32)


def clipped(samples: Samples, gain_db: float) -> Samples:
    """A clip that is recorded too loud: its peak is brought this far above full scale, and cut off there."""
    loud = samples * 10 ** (gain_db / 20) / max(float(np.abs(samples).max()), 1e-9)
    return np.clip(loud, -1, 1).astype(np.float32)


def mp3(samples: Samples) -> Samples:
    """A clip that was stored as an MP3 of low quality."""
    return _stored(samples, format="MP3", compression_level=0.9)


def opus(samples: Samples) -> Samples:
    """A clip that was stored as Opus of low quality, as calls over the internet are."""
    return _stored(samples, format="OGG", subtype="OPUS", compression_level=0.95)


def _stored(samples: Samples, **settings: Any) -> Samples:
    file = io.BytesIO()
    sf.write(file, samples, RATE_HZ, **settings)
    decoded, rate_hz = sf.read(io.BytesIO(file.getvalue()), dtype="float32")
    return np.asarray(soxr.resample(decoded, rate_hz, RATE_HZ), dtype=np.float32)


def room(samples: Samples, rng: np.random.Generator, rt60_s: float = 0.5) -> Samples:
    """A clip recorded in a room: decaying noise as impulse response, 8 dB below the direct sound."""
    time_s = np.arange(round(rt60_s * RATE_HZ)) / RATE_HZ
    tail = rng.standard_normal(len(time_s)) * 10 ** (-3 * time_s / rt60_s)
    tail *= 10 ** (-8 / 20) / np.sqrt((tail**2).sum())
    tail[0] = 1.0
    size = len(samples) + len(tail)
    wet = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(tail, size), size)[: len(samples)]
    return (wet * np.abs(samples).max() / max(np.abs(wet).max(), 1e-9)).astype(np.float32)


def noise(n_samples: int, color: Color, rng: np.random.Generator) -> Samples:
    """Noise with a root mean square of 0.05."""
    spectrum = np.fft.rfft(rng.standard_normal(n_samples))
    frequency = np.arange(len(spectrum), dtype=np.float64)
    frequency[0] = 1.0
    made = np.fft.irfft(spectrum / frequency ** _EXPONENTS[color], n_samples)
    return (0.05 * made / np.sqrt(np.mean(made**2))).astype(np.float32)


def add(samples: Samples, other: Samples, snr_db: float) -> Samples:
    """A clip with noise or other speech under it; the SNR is taken over the whole clip."""
    under = np.resize(other, len(samples))
    wanted = np.sqrt(np.mean(samples**2)) / 10 ** (snr_db / 20)
    return (samples + under * wanted / max(float(np.sqrt(np.mean(under**2))), 1e-9)).astype(np.float32)


def resynthesised(samples: Samples, *, speed: float = 1.0, flat_pitch: bool = False) -> Samples:
    """A clip taken apart and put together again by the WORLD vocoder (Morise et al., 2016).

    Args:
        samples: the clip.
        speed: above 1 for faster speech at the same pitch.
        flat_pitch: set every voiced frame to the clip's median pitch.
    """
    world = _pyworld()
    clip = samples.astype(np.float64)
    pitch_hz, time_s = world.harvest(clip, RATE_HZ, frame_period=_WORLD_FRAME_MS)
    envelope = world.cheaptrick(clip, pitch_hz, time_s, RATE_HZ)
    aperiodicity = world.d4c(clip, pitch_hz, time_s, RATE_HZ)
    if flat_pitch and (pitch_hz > 0).any():
        pitch_hz = np.where(pitch_hz > 0, np.median(pitch_hz[pitch_hz > 0]), 0.0)
    made = world.synthesize(pitch_hz, envelope, aperiodicity, RATE_HZ, _WORLD_FRAME_MS / speed)
    return np.asarray(made, dtype=np.float32)


def _pyworld() -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it finds out its version by setuptools, which warns of that
            import pyworld
    except ImportError as error:
        raise SystemExit(
            "pyworld is missing: pip install --group robustness, or name the cases to run"
        ) from error
    return pyworld
