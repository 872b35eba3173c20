"""Make the example clip and the clips of the tests again, with Debian's flite (`apt-get install flite`).

A mispronounced word is made by having the synthesiser say another one: for "nice" it says "lice", as learners
do whose first language does not tell the two sounds apart. Nothing here is anyone's recording.

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
"""Faint noise (-70 dBFS), because no microphone gives the zeros that a synthesiser has between words."""


@dataclass(frozen=True)
class Recipe:
    """A clip to make: where to, with which voice, what it says, and the text that it is judged against."""

    path: str
    voice: str
    said: str
    text: str


CLIPS = (
    Recipe(
        "examples/i_think_the_weather_is_nice.flac",
        "slt",
        said="I think the weather is lice today.",
        text="I think the weather is nice today.",
    ),
    Recipe(
        "tests/assets/correct.flac",
        "slt",
        said="I think the weather is nice today.",
        text="I think the weather is nice today.",
    ),
    Recipe(
        "tests/assets/mispronounced.flac",
        "rms",
        said="The friend has sree ret balloons.",
        text="The friend has three red balloons.",
    ),
    Recipe(
        "tests/assets/wrong_text.flac",
        "slt",
        said="My brother plays the piano on Sunday morning.",
        text="I think the weather is nice today.",
    ),
)


def make(recipe: Recipe, folder: Path) -> None:
    """Synthesise one clip and write it as 16-bit FLAC at the rate of the voice, 16 kHz."""
    wav = folder / "said.wav"
    subprocess.run(["flite", "-voice", recipe.voice, "-t", recipe.said, "-o", str(wav)], check=True)
    samples, rate_hz = sf.read(wav, dtype="float32")
    room = np.random.default_rng(0).normal(scale=NOISE, size=len(samples) + 2 * round(EDGE_S * rate_hz))
    room[round(EDGE_S * rate_hz) :][: len(samples)] += samples
    target = REPOSITORY / recipe.path
    target.parent.mkdir(parents=True, exist_ok=True)
    sf.write(target, room, rate_hz, subtype="PCM_16")
    print(f"{recipe.path}: {len(room) / rate_hz:.2f} s, {target.stat().st_size} bytes")


def main() -> None:
    if shutil.which("flite") is None:
        sys.exit("flite is not installed: apt-get install flite")
    with tempfile.TemporaryDirectory() as folder:
        for recipe in CLIPS:
            make(recipe, Path(folder))


if __name__ == "__main__":
    main()
