"""Each mistake with a clip or its text ends with one line that says what to do, and exit code 2."""

import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from support.command_line import error_line, run
from support.paths import ASSETS, REPOSITORY

from enunciate import engines

CORRECT = ASSETS / "correct.flac"
RATE_HZ = 16_000
load_once = cache(engines.load_assessor)


@pytest.fixture(autouse=True)
def shared_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Load the engine once for all tests of this file, not once for each command."""
    monkeypatch.setattr(engines, "load_assessor", load_once)


def write(path: Path, samples: np.ndarray) -> Path:
    sf.write(path, samples.astype(np.float32), RATE_HZ, subtype="FLOAT")
    return path


def noise(duration_s: float) -> np.ndarray:
    return np.random.default_rng(1).normal(0, 0.05, round(duration_s * RATE_HZ))


def broken_by(value: float) -> np.ndarray:
    samples = noise(1)
    samples[5000] = value
    return samples


def error_of(*arguments: str | Path) -> str:
    return error_line(run("assess", *arguments))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "no such file; check the path" in error_of(tmp_path / "none.wav")


def test_a_folder_without_clips_is_refused(tmp_path: Path) -> None:
    assert "has no clips: their names end in" in error_of(tmp_path)


def test_a_file_that_is_not_audio_is_refused() -> None:
    assert "give WAV, FLAC, Ogg, Opus, MP3, WebM or M4A" in error_of(REPOSITORY / "pyproject.toml")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    assert "is an empty file: record or copy it again" in error_of(tmp_path / "a.wav")


def test_a_file_without_samples_is_refused(tmp_path: Path) -> None:
    assert "has no samples: record or export it again" in error_of(write(tmp_path / "a.wav", np.zeros(0)))


def test_a_short_clip_is_refused(tmp_path: Path) -> None:
    assert "shorter than 0.3 s: record a whole word" in error_of(write(tmp_path / "a.wav", noise(0.29)))


def test_a_long_clip_is_refused(tmp_path: Path) -> None:
    assert "longer than 600 s: cut it into parts" in error_of(write(tmp_path / "a.wav", noise(600.1)))


def test_silence_is_refused(tmp_path: Path) -> None:
    assert "is silent" in error_of(write(tmp_path / "a.wav", np.zeros(RATE_HZ)))


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_samples_that_are_not_finite_are_refused(tmp_path: Path, value: float) -> None:
    message = error_of(write(tmp_path / "a.wav", broken_by(value)))
    assert "NaN or infinite samples, the first at 0.31 s: export it again" in message


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_text_is_refused(text: str) -> None:
    assert "the text is empty: give the words that were to be read" in error_of(CORRECT, "--text", text)


@pytest.mark.parametrize("text", ["今天天气很好", "?!"])
def test_a_text_without_an_english_word_is_refused(text: str) -> None:
    assert "no English word in the text" in error_of(CORRECT, "--text", text)


def test_unknown_words_are_all_named() -> None:
    message = error_of(CORRECT, "--text", "The frobnicated 你好 ate the Привет.")
    assert "no English words: 你好, Привет." in message
    assert "你好{" in message
    assert "--lexicon" in message


def test_unknown_phones_are_named() -> None:
    assert "not ARPAbet phones: QQ" in error_of(CORRECT, "--text", "tomato{T QQ}")


def test_more_phones_than_the_clip_can_hold_are_refused() -> None:
    message = error_of(CORRECT, "--text", "Brown dogs were chasing many children round our garden. " * 20)
    assert "the text has 700 phones, too many for a clip of 2.7 s" in message


def test_a_missing_lexicon_is_refused(tmp_path: Path) -> None:
    message = error_of(CORRECT, "--text", "hello", "--lexicon", tmp_path / "none.txt")
    assert "cannot be read" in message


def test_an_unknown_model_is_refused(tmp_path: Path) -> None:
    assert "no such model. Use 'pocket'" in error_of(CORRECT, "--model", tmp_path)


def test_bad_clips_do_not_lose_the_good_one(tmp_path: Path) -> None:
    clips = [tmp_path / "none.wav", CORRECT, write(tmp_path / "silent.wav", np.zeros(RATE_HZ))]
    result = run("assess", *clips, "--text", "I think the weather is nice today.")
    assert result.exit_code == 2
    first, second, third = result.stdout.splitlines()
    assert '"audio_not_found"' in first
    assert '"total":{' in second
    assert '"audio_silent"' in third
    assert result.stderr.startswith("error: 2 of 3 clips")
