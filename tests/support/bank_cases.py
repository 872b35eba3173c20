"""A small bank of noise with known phones: three clips each of two speakers, and a formant clip."""

from __future__ import annotations

import numpy as np

PHONES = ["S", "IY", "M", "UW", "K", "IY"]
WORDS = [0, 0, 1, 1, 2, 2]
FIRST_S, PHONE_S, GAP_S = 0.3, 0.1, 0.1
"""Words of two phones with a gap between, after some silence."""
LENGTH_S = 1.4


def phone_times():
    start = np.array([FIRST_S + PHONE_S * k + GAP_S * (k // 2) for k in range(len(PHONES))])
    return start, start + PHONE_S


def noise_clip(rng, start, end):
    """Silence but for noise in the phones; int16."""
    samples = np.zeros(round(LENGTH_S * 16_000))
    for first, last in zip(start, end, strict=True):
        inside = slice(round(first * 16_000), round(last * 16_000))
        samples[inside] = 0.2 * rng.standard_normal(inside.stop - inside.start)
    return np.clip(samples * 32_768, -32_768, 32_767).astype(np.int16)


def make_labels(name, source="corpus", speaker="a", **changes):
    from enunciate.pocket.symbols import classes_of
    from enunciate.pocket.training.labels import ClipLabels

    start, end = phone_times()
    n = len(PHONES)
    values = {
        "id": name,
        "source": source,
        "learn": True,
        "speaker": speaker,
        "classes": classes_of(PHONES),
        "stress": [0] * n,
        "word": list(WORDS),
        "n_words": 3,
        "phone_low": [2.0, 2.0, 0.0, 2.0, 1.0, 2.0],
        "phone_high": [2.0, 2.0, 0.0, 2.0, 1.0, 2.0],
        "word_low": [9.0, 3.0, -1.0],
        "word_high": [10.0, 5.0, -1.0],
        "low": [8.0, 7.0, 7.0, 7.5],
        "high": [8.0, 8.0, 8.0, 8.2],
        "start": start.tolist(),
        "end": end.tolist(),
    }
    return ClipLabels(**(values | changes))


def make_bank(seed=0):
    import torch

    from enunciate.pocket.training.waveform_bank import WaveformBank

    rng = np.random.default_rng(seed)
    labels = [make_labels(f"{speaker}{k}", speaker=speaker) for speaker in "ab" for k in range(3)]
    segments = [(label, s, e) for label, s, e in zip(labels[0].classes, *phone_times(), strict=True)]
    said = [[label] for label in labels[0].classes]
    labels.append(make_labels("f", "formant", "slt", segments=segments, said=said))
    waves = [noise_clip(rng, *phone_times()) for _ in labels]
    return WaveformBank(labels, waves, torch.device("cpu"))
