"""A corpus in the form of Speechocean762 whose "speech" is chords, one for each phone."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile as sf

from enunciate.corpus.synthetic.neural_clip import NeuralClip, write_neural

RATE_HZ = 16_000
PHONE_S = 0.12
GAP_S = 0.1
CHORDS_HZ = {
    "AA": (400, 1_100),
    "IY": (300, 2_600),
    "S": (4_500, 6_000),
    "M": (250, 700),
    "UW": (350, 850, 1_800),
    "K": (1_500, 3_300),
}
WORDS = {
    "SEE": ("S", "IY"),
    "ME": ("M", "IY"),
    "MOO": ("M", "UW"),
    "SOCK": ("S", "AA", "K"),
    "COO": ("K", "UW"),
    "KEY": ("K", "IY"),
}
SLIP = {"S": "K", "IY": "AA", "M": "S", "UW": "IY", "K": "M", "AA": "UW"}
"""What is said in place of each mispronounced phone."""


@dataclass(frozen=True)
class SpokenWords:
    """Words, and whether each of their phones was said correctly."""

    words: tuple[str, ...]
    right: tuple[tuple[bool, ...], ...]

    @property
    def spoken(self) -> list[list[str]]:
        return [
            [phone if good else SLIP[phone] for phone, good in zip(WORDS[word], rights, strict=True)]
            for word, rights in zip(self.words, self.right, strict=True)
        ]


def render(spoken: list[list[str]], rng: np.random.Generator, shift: float = 1.0) -> np.ndarray:
    """Render chords with faint noise, and a silence before, between and after words; float32 at 16 kHz."""
    time_s = np.arange(round(PHONE_S * RATE_HZ)) / RATE_HZ
    shape = np.sin(np.pi * time_s / PHONE_S) ** 0.3
    gap = np.zeros(round(GAP_S * RATE_HZ))
    pieces = [gap]
    for word in spoken:
        for phone in word:
            chord = sum(np.sin(2 * np.pi * hz * shift * time_s) for hz in CHORDS_HZ[phone])
            pieces.append(0.15 * shape * chord)
        pieces.append(gap)
    samples = np.concatenate(pieces)
    return (samples + 1e-3 * rng.standard_normal(len(samples))).astype(np.float32)


def draw(rng: np.random.Generator, error_rate: float) -> SpokenWords:
    words = tuple(rng.choice(sorted(WORDS), 4).tolist())
    return SpokenWords(words, tuple(tuple(bool(rng.random() > error_rate) for _ in WORDS[w]) for w in words))


def labels_of(spoken: SpokenWords) -> dict:
    """Score each phone, and the utterance by the share of correct phones."""
    share = np.mean([good for rights in spoken.right for good in rights])
    score = round(2 + 8 * float(share))
    words = [
        {
            "text": word,
            "phones": list(WORDS[word]),
            "phones-accuracy": [2.0 if good else 0.0 for good in rights],
        }
        for word, rights in zip(spoken.words, spoken.right, strict=True)
    ]
    scores = {"accuracy": score, "completeness": 10, "fluency": score, "prosodic": score, "total": score}
    return {"text": " ".join(spoken.words), "words": words} | scores


def make_corpus(root: Path, speakers: dict[str, int], clips_each: int, seed: int = 0) -> Path:
    """Write a corpus with a number of speakers in each split; later speakers make more mistakes."""
    rng = np.random.default_rng(seed)
    labels = {}
    for split, count in speakers.items():
        tables = {name: [] for name in ("wav.scp", "text", "utt2spk", "spk2age", "spk2gender")}
        for number in range(count):
            speaker = f"{split}{number}"
            tables["spk2age"].append(f"{speaker}\t{10 + 20 * (number % 2)}")
            tables["spk2gender"].append(f"{speaker}\tm")
            for clip in range(clips_each):
                key, spoken = f"{speaker}-{clip}", draw(rng, error_rate=0.5 * number / count)
                path = root / "WAVE" / speaker / f"{key}.WAV"
                path.parent.mkdir(parents=True, exist_ok=True)
                sf.write(path, render(spoken.spoken, rng, shift=1 + 0.02 * number), RATE_HZ)
                labels[key] = labels_of(spoken)
                tables["wav.scp"].append(f"{key}\t{path.relative_to(root)}")
                tables["text"].append(f"{key}\t{labels[key]['text']}")
                tables["utt2spk"].append(f"{key}\t{speaker}")
        (root / split).mkdir(parents=True)
        for name, lines in tables.items():
            (root / split / name).write_text("\n".join(lines) + "\n")
    (root / "resource").mkdir()
    (root / "resource" / "scores.json").write_text(json.dumps(labels))
    return root


def segments_of(spoken: list[list[str]]) -> list[tuple[str, float, float]]:
    """Return the times of phones and silences in the output of `render`, in the form of synthetic speech."""
    segments, end_s = [("SIL", 0.0, GAP_S)], GAP_S
    for word in spoken:
        for phone in word:
            segments.append((phone, end_s, end_s + PHONE_S))
            end_s += PHONE_S
        segments.append(("SIL", end_s, end_s + GAP_S))
        end_s += GAP_S
    return segments


def make_shard(folder: Path, clips: int, seed: int = 1) -> Path:
    """Write one shard of synthetic speech with exact times, in part mispronounced."""
    rng = np.random.default_rng(seed)
    rows, samples = [], []
    for number in range(clips):
        spoken = draw(rng, error_rate=0.15)
        row = {"id": f"tone-{number}", "engine": "flite", "voice": "tone", "text": " ".join(spoken.words)}
        row["canonical"] = [phone for word in spoken.words for phone in WORDS[word]]
        row["spoken"] = [phone for word in spoken.spoken for phone in word]
        row["segments"] = segments_of(spoken.spoken)
        rows.append(json.dumps(row))
        samples.append((32_767 * render(spoken.spoken, rng)).astype(np.int16))
    folder.mkdir(parents=True, exist_ok=True)
    offsets = np.cumsum([0, *map(len, samples)])
    np.savez(folder / "shard-0000.npz", samples=np.concatenate(samples), offsets=offsets)
    (folder / "shard-0000.jsonl").write_text("\n".join(rows) + "\n")
    return folder


def make_neural(folder: Path, good: int, wrong: int) -> Path:
    """Write readings of a voice of chords, said right or wrong, as a set of neural speech."""
    rng = np.random.default_rng(7)
    clips = [
        _neural_clip(f"voice-{k}", draw(rng, 0.0 if k < good else 0.6), rng) for k in range(good + wrong)
    ]
    write_neural(
        [replace(clip, kind="good" if k < good else "wrong") for k, clip in enumerate(clips)], folder, "x"
    )
    return folder


def _neural_clip(name: str, spoken: SpokenWords, rng: np.random.Generator) -> NeuralClip:
    return NeuralClip(
        id=name,
        engine="kokoro",
        voice="chords",
        kind="good",
        text=" ".join(spoken.words).lower(),
        speed=1.0,
        held_out=True,
        words=tuple((word.lower(), WORDS[word]) for word in spoken.words),
        said=tuple((phone,) for word in spoken.spoken for phone in word),
        samples=np.round(render(spoken.spoken, rng) * 32_767).astype(np.int16),
    )
