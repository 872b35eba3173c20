"""One shard of synthetic speech, made in a process of its own.

The synthesisers are C libraries, so a crash must cost no more than the shard at hand. Everything in a
shard follows from the seed and the shard's number: neither other shards nor the number of workers matter.
"""

from __future__ import annotations

import json
import os
import pickle
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from enunciate.corpus.synthetic.errors import SILENCE, Change, LearnerErrors, mispronounce
from enunciate.corpus.synthetic.espeak import Espeak
from enunciate.corpus.synthetic.festival import Festival
from enunciate.corpus.synthetic.text import TextMix, TextSources, sentences
from enunciate.corpus.synthetic.voices import Flite, Segment, Speech, Synthesiser
from enunciate.errors import CorpusError

SAMPLE_RATE_HZ = 16_000
Engine = Literal["flite", "espeak", "festival"]
_ENGINE_SHARES: dict[Engine, float] = {"flite": 0.45, "espeak": 0.4, "festival": 0.15}
_LONGEST_S = 15.0
_SHORTEST_PHONE_S = 0.004
_MOST_FAILURES = 100


@dataclass(frozen=True)
class SyntheticClip:
    """One synthesised sentence with what should have been said and what was."""

    id: str
    engine: str
    voice: str
    text: str
    canonical: tuple[str, ...]
    spoken: tuple[str, ...]
    segments: tuple[Segment, ...]
    """Phones and silences in order, without gaps; times in seconds."""
    samples: npt.NDArray[np.int16]
    """Shape (samples,), 16 kHz."""


@dataclass(frozen=True)
class SynthesisOptions:
    """What to synthesise."""

    hours: float = 1.0
    seed: int = 0
    engines: dict[Engine, float] = field(default_factory=lambda: dict(_ENGINE_SHARES))
    """Share of the hours by engine."""
    mispronounced_share: float = 0.25
    errors: LearnerErrors = field(default_factory=LearnerErrors)
    mix: TextMix = field(default_factory=TextMix)
    sources: TextSources = field(default_factory=TextSources)
    shard_s: float = 300.0
    """Speech in one shard; also what a crash of a synthesiser costs."""
    warp: float = 0.12
    """Clips are played up to this much slower or faster, which shifts pitch and formants with it."""
    root: Path | None = None
    """Folder into which the Debian packages were unpacked; None where they are installed."""


@dataclass(frozen=True)
class ShardTask:
    """One shard: its number, its engine and where it goes."""

    number: int
    engine: Engine
    out_dir: Path
    options: SynthesisOptions

    @property
    def stem(self) -> str:
        """File name without suffix."""
        return f"shard-{self.number:04d}"


def start_engine(engine: Engine, root: Path | None) -> Synthesiser:
    """Load a synthesiser into this process.

    Raises:
        OSError: It is not installed.
    """
    if engine == "flite":
        return Flite()
    return Espeak(root) if engine == "espeak" else Festival(root)


def _smooth(length: int) -> int:
    """The least even number of small prime factors that is not below `length`: FFTs of it are fast."""
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
    """Band-limited resampling of a whole clip through the FFT.

    Both lengths are rounded up to ones with a fast FFT, so that the ratio comes out 1% or so away from
    the one asked for; times have to be scaled by the ratio returned.

    Args:
        samples: Shape (samples,).
        ratio: New length by old length.

    Returns:
        The new samples, at the scale of the old ones, and the true ratio.
    """
    before = _smooth(len(samples) + 512)  # zeros keep the end from wrapping into the start
    after = _smooth(round(before * ratio))
    spectrum = np.fft.rfft(samples.astype(np.float32), before)
    kept = np.zeros(after // 2 + 1, np.complex128)
    shared = min(len(kept), len(spectrum))
    kept[:shared] = spectrum[:shared]
    true_ratio = after / before
    resampled = np.fft.irfft(kept, after)[: round(len(samples) * true_ratio)] * true_ratio
    return resampled.astype(np.float32), true_ratio


def _joined(segments: list[Segment]) -> tuple[Segment, ...]:
    """Neighbouring silences become one; times get three decimals."""
    joined: list[Segment] = []
    for phone, start_s, end_s in segments:
        if joined and phone == SILENCE == joined[-1][0]:
            joined[-1] = (SILENCE, joined[-1][1], round(end_s, 4))
        elif phone != SILENCE or end_s > start_s:
            joined.append((phone, round(start_s, 4), round(end_s, 4)))
    return tuple(joined)


def finished_clip(
    speech: Speech, task: ShardTask, number: int, text: str, rng: random.Random
) -> SyntheticClip | None:
    """Bring speech to 16 kHz with a random warp, level, noise floor and silence at both ends.

    Returns:
        None where the speech is empty, too long, or has a phone too short to hear.
    """
    spoken = tuple(phone for phone, _, _ in speech.segments if phone != SILENCE)
    warp = task.options.warp
    ratio = SAMPLE_RATE_HZ / speech.rate_hz * rng.uniform(1 - warp, 1 + warp)
    lead_s, tail_s = rng.uniform(0.02, 0.4), rng.uniform(0.02, 0.4)
    peak, noise = rng.uniform(0.2, 0.95), 10 ** rng.uniform(-0.3, 1.3)
    noise_seed = rng.getrandbits(32)
    phones = [end_s - start_s for phone, start_s, end_s in speech.segments if phone != SILENCE]
    if not spoken or min(phones) < _SHORTEST_PHONE_S or len(speech.samples) > _LONGEST_S * speech.rate_hz:
        return None
    warped, true_ratio = resample(speech.samples, ratio)
    scale = true_ratio * speech.rate_hz / SAMPLE_RATE_HZ
    lead = round(lead_s * SAMPLE_RATE_HZ)
    clip = np.pad(warped, (lead, round(tail_s * SAMPLE_RATE_HZ)))
    clip *= peak * 32767 / max(float(np.abs(clip).max()), 1.0)
    clip += np.random.default_rng(noise_seed).normal(0.0, noise, len(clip)).astype(np.float32)
    offset_s, total_s = lead / SAMPLE_RATE_HZ, len(clip) / SAMPLE_RATE_HZ
    moved = [
        (phone, offset_s + start * scale, offset_s + end * scale) for phone, start, end in speech.segments
    ]
    segments = _joined([(SILENCE, 0.0, offset_s), *moved, (SILENCE, moved[-1][2], total_s)])
    samples = np.clip(np.rint(clip), -32768, 32767).astype(np.int16)
    clip_id = f"{task.engine}-{task.number:04d}-{number:04d}"
    return SyntheticClip(
        clip_id, task.engine, speech.voice, text, speech.canonical, spoken, segments, samples
    )


def clips(task: ShardTask) -> Iterator[SyntheticClip]:
    """The clips of one shard, until they hold `shard_s` of sound."""
    options = task.options
    rng = random.Random(f"{options.seed}/{task.number}/{task.engine}")
    synthesiser = start_engine(task.engine, options.root)
    texts = sentences(options.mix, options.sources, rng)
    wanted_s = min(options.shard_s, options.hours * 3600)
    made_s, count, failures = 0.0, 0, 0

    def editor(phones: Sequence[str], final: Sequence[bool]) -> list[Change]:
        return mispronounce(phones, final, options.errors, rng)

    while made_s < wanted_s:
        text = next(texts)
        wrong = rng.random() < options.mispronounced_share
        speech = synthesiser.say(text, editor if wrong else None, rng)
        clip = speech and finished_clip(speech, task, count, text, rng)
        if clip:
            yield clip
            made_s += len(clip.samples) / SAMPLE_RATE_HZ
            count, failures = count + 1, 0
            continue
        failures += 1
        if failures > _MOST_FAILURES:
            raise CorpusError(f"{task.engine} speaks none of {failures} sentences in a row")


def write_shard(task: ShardTask) -> None:
    """Make a shard and put it in its place: the samples first, so that a `.jsonl` means a whole shard."""
    made = list(clips(task))
    samples = np.concatenate([clip.samples for clip in made])
    offsets = np.cumsum([0, *(len(clip.samples) for clip in made)])
    unfinished = task.out_dir / f".{task.stem}.{os.getpid()}"
    with unfinished.open("wb") as stream:
        np.savez(stream, samples=samples, offsets=offsets)
    unfinished.replace(task.out_dir / f"{task.stem}.npz")
    fields = ("id", "engine", "voice", "text", "canonical", "spoken", "segments")
    lines = (json.dumps({name: getattr(clip, name) for name in fields}) for clip in made)
    unfinished.write_text("\n".join(lines) + "\n", encoding="utf-8")
    unfinished.replace(task.out_dir / f"{task.stem}.jsonl")


if __name__ == "__main__":
    write_shard(pickle.load(sys.stdin.buffer))
