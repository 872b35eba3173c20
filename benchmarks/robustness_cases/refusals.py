"""Recordings that are no reading of the text: noise, music, silence, reversed speech, another language."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from robustness_cases import transforms
from robustness_cases.bench import Bench, Row, is_refused, share
from robustness_cases.transforms import RATE_HZ, Samples
from robustness_cases.voices import foreign_speech

_DURATION_S = 4.0
_FOREIGN = {
    "de": "Heute Morgen gehe ich mit meinen Freunden in die Stadt, um Brot zu kaufen.",
    "es": "Esta noche vamos a cenar con mi familia en el centro de la ciudad.",
    "cmn": "今天 天气 很 好 我们 去 公园 走 一 走",
}
_TEXTS = ("I think the weather is nice today.", "My brother went to school by bus this morning.")


def not_a_reading(bench: Bench) -> Iterator[Row]:
    """The share of clips that were refused or warned of, by kind."""
    for name, clips in _clips(bench).items():
        refused = [
            is_refused(bench.assess(f"{name} {index}", clip, text))
            for index, (clip, text) in enumerate((clip, text) for clip in clips for text in _TEXTS)
        ]
        yield Row(name, len(refused), share(refused, "refused or warned of"), "100%")


def _clips(bench: Bench) -> dict[str, list[Samples]]:
    rng = bench.rng()
    n_samples = round(_DURATION_S * RATE_HZ)
    clips: dict[str, list[Samples]] = {
        f"{color} noise": [transforms.noise(n_samples, color, rng) for _ in range(3)]
        for color in ("white", "pink", "brown")
    }
    clips["silence with a little noise"] = [transforms.noise(n_samples, "pink", rng) * 0.02]
    clips["a tone"] = [_chord([hz], n_samples) for hz in (220.0, 440.0)]
    clips["music (chords)"] = [_music(rng, n_samples) for _ in range(4)]
    clips["a cough"] = [_cough(rng) for _ in range(4)]
    readings = bench.good_readings()[:8]
    clips["reversed speech"] = [reading.samples[::-1].copy() for reading in readings]
    clips["another text"] = [reading.samples for reading in readings]
    spoken = (foreign_speech(language, text) for language, text in _FOREIGN.items())
    clips["another language"] = [clip for clip in spoken if clip is not None]
    return clips


def _chord(pitches_hz: list[float], n_samples: int) -> Samples:
    time_s = np.arange(n_samples) / RATE_HZ
    partials = [np.sin(2 * np.pi * hz * k * time_s) / k for hz in pitches_hz for k in (1, 2, 3)]
    return (0.1 * np.sum(partials, axis=0) / len(pitches_hz)).astype(np.float32)


def _music(rng: np.random.Generator, n_samples: int) -> Samples:
    beats = np.array_split(np.arange(n_samples), 8)
    parts: list[Samples] = []
    for beat in beats:
        root_hz = 220.0 * 2 ** (int(rng.integers(0, 12)) / 12)
        decay = np.exp(-3 * np.linspace(0, 1, len(beat)))
        parts.append((_chord([root_hz, root_hz * 1.26, root_hz * 1.5], len(beat)) * decay).astype(np.float32))
    return np.concatenate(parts)


def _cough(rng: np.random.Generator) -> Samples:
    burst = transforms.noise(round(0.25 * RATE_HZ), "pink", rng)
    burst = (burst * 6 * np.exp(-5 * np.linspace(0, 1, len(burst)))).astype(np.float32)
    return np.concatenate(
        (transforms.silence(0.5), burst, transforms.silence(0.2), burst, transforms.silence(0.8))
    )
