"""Synthetic voices that read a text: flite and espeak-ng, as Debian packages them."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf
import soxr

from robustness_cases.transforms import RATE_HZ, Samples

_TEXT, _OUT = "TEXT", "OUT"
"""Places in a command."""


@dataclass(frozen=True)
class Voice:
    """A synthesiser with its settings."""

    name: str
    native: bool
    """Whether it speaks a variety of English that counts as good."""
    say: Callable[[str], Samples]


def available_voices() -> list[Voice]:
    """The voices whose synthesisers are installed."""
    voices: list[Voice] = []
    if shutil.which("flite"):
        voices += [_flite(name) for name in ("slt", "rms", "awb")]
    if shutil.which("espeak-ng"):
        voices += [_espeak(name, native=True) for name in ("en-us", "en-gb")]
        voices += [_espeak(name, native=False) for name in ("de", "es")]
    return voices


def foreign_speech(language: str, text: str) -> Samples:
    """Speech in another language, by espeak-ng."""
    return _espeak(language, native=False).say(text)


def _flite(name: str) -> Voice:
    return Voice(f"flite {name}", True, _program(["flite", "-voice", name, "-t", _TEXT, "-o", _OUT]))


def _espeak(name: str, *, native: bool) -> Voice:
    return Voice(
        f"espeak {name}", native, _program(["espeak-ng", "-v", name, "-s", "150", "-w", _OUT, _TEXT])
    )


def _program(command: list[str]) -> Callable[[str], Samples]:
    def say(text: str) -> Samples:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "speech.wav"
            filled = {_TEXT: text, _OUT: str(path)}
            subprocess.run([filled.get(part, part) for part in command], check=True, capture_output=True)
            samples, rate_hz = sf.read(path, dtype="float32")
        return np.asarray(soxr.resample(samples, rate_hz, RATE_HZ), dtype=np.float32)

    return say
