"""A synthetic clip: one sentence spoken by a synthesiser, with exact labels.

The phones and their times come from the synthesiser itself: they are what it made the samples from. The
canonical phones are its own pronunciation of the text. Where it was told to mispronounce, the phones that
were said differ from them.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enunciate.audio import SAMPLE_RATE_HZ
from enunciate.corpus.synthetic.mispronunciations import SILENCE
from enunciate.corpus.synthetic.resampling import resample
from enunciate.corpus.synthetic.synthesiser import Segment, SynthesisedSpeech

MAX_DURATION_S = 15.0
MIN_PHONE_S = 0.004


@dataclass(frozen=True)
class SyntheticClip:
    """One synthesised sentence, with the phones of a correct reading and those that were said."""

    id: str
    engine: str
    voice: str
    text: str
    canonical: tuple[str, ...]
    """The phones of a correct reading, by the synthesiser's own lexicon."""
    spoken: tuple[str, ...]
    """The phones that were said; they differ from `canonical` where the clip was mispronounced on purpose."""
    segments: tuple[Segment, ...]
    """The phones that were said and the silences, in order and without gaps; times in seconds."""
    samples: npt.NDArray[np.int16]
    """(samples,) at 16 kHz."""


def finish_clip(
    speech: SynthesisedSpeech,
    engine: str,
    shard: int,
    number: int,
    text: str,
    warp: float,
    rng: random.Random,
) -> SyntheticClip | None:
    """Bring speech to 16 kHz with random speed, level, noise floor and silences at both ends.

    Args:
        speech: The output of a synthesiser.
        engine: The synthesiser.
        shard: The number of the shard.
        number: The number of the clip in its shard.
        text: The sentence.
        warp: The greatest change of speed, as a share.
        rng: The source of randomness.

    Returns:
        The clip; None where the speech is empty, too long, or has a phone too short to hear.
    """
    spoken = tuple(phone for phone, _, _ in speech.segments if phone != SILENCE)
    ratio = SAMPLE_RATE_HZ / speech.rate_hz * rng.uniform(1 - warp, 1 + warp)
    lead_s, tail_s = rng.uniform(0.02, 0.4), rng.uniform(0.02, 0.4)
    peak, noise = rng.uniform(0.2, 0.95), 10 ** rng.uniform(-0.3, 1.3)
    noise_seed = rng.getrandbits(32)
    phones = [end_s - start_s for phone, start_s, end_s in speech.segments if phone != SILENCE]
    if not spoken or min(phones) < MIN_PHONE_S or len(speech.samples) > MAX_DURATION_S * speech.rate_hz:
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
    clip_id = f"{engine}-{shard:04d}-{number:04d}"
    return SyntheticClip(clip_id, engine, speech.voice, text, speech.canonical, spoken, segments, samples)


def _joined(segments: list[Segment]) -> tuple[Segment, ...]:
    """Join neighbouring silences, and round times to four decimals."""
    joined: list[Segment] = []
    for phone, start_s, end_s in segments:
        if joined and phone == SILENCE == joined[-1][0]:
            joined[-1] = (SILENCE, joined[-1][1], round(end_s, 4))
        elif phone != SILENCE or end_s > start_s:
            joined.append((phone, round(start_s, 4), round(end_s, 4)))
    return tuple(joined)
