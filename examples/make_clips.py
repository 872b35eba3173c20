"""Synthesise the example clip and the clips of the tests, with Debian's flite (`apt-get install flite`).

For a mispronounced word, the synthesiser says another one: "lice" for "nice", as learners do whose first
language does not distinguish the two sounds. No clip is a recording of a person.

    python examples/make_clips.py
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf

REPOSITORY = Path(__file__).resolve().parents[1]
EDGE_S = 0.2
NOISE = 3e-4
"""Level of the noise, -70 dBFS: a synthesiser has zeros between words, which no microphone gives."""


@dataclass(frozen=True)
class SyntheticExample:
    """A clip to make: its file, the voice, what it says, and the reference text."""

    path: str
    voice: str
    said: str
    text: str


CLIPS = (
    SyntheticExample(
        "examples/i_think_the_weather_is_nice.flac",
        "slt",
        said="I think the weather is lice today.",
        text="I think the weather is nice today.",
    ),
    SyntheticExample(
        "tests/assets/correct.flac",
        "slt",
        said="I think the weather is nice today.",
        text="I think the weather is nice today.",
    ),
    SyntheticExample(
        "tests/assets/mispronounced.flac",
        "rms",
        said="The friend has sree ret balloons.",
        text="The friend has three red balloons.",
    ),
    SyntheticExample(
        "tests/assets/wrong_text.flac",
        "slt",
        said="My brother plays the piano on Sunday morning.",
        text="I think the weather is nice today.",
    ),
)


def make(clip: SyntheticExample, folder: Path) -> None:
    """Synthesise one clip and write it as 16-bit FLAC at the rate of the voice, 16 kHz."""
    wav = folder / "said.wav"
    subprocess.run(["flite", "-voice", clip.voice, "-t", clip.said, "-o", str(wav)], check=True)
    samples, rate_hz = sf.read(wav, dtype="float32")
    noisy = np.random.default_rng(0).normal(scale=NOISE, size=len(samples) + 2 * round(EDGE_S * rate_hz))
    noisy[round(EDGE_S * rate_hz) :][: len(samples)] += samples
    target = REPOSITORY / clip.path
    target.parent.mkdir(parents=True, exist_ok=True)
    sf.write(target, noisy, rate_hz, subtype="PCM_16")
    print(f"{clip.path}: {len(noisy) / rate_hz:.2f} s, {target.stat().st_size} bytes")


def main() -> None:
    if shutil.which("flite") is None:
        sys.exit("flite is not installed: apt-get install flite")
    with tempfile.TemporaryDirectory() as folder:
        for clip in CLIPS:
            make(clip, Path(folder))


if __name__ == "__main__":
    main()
