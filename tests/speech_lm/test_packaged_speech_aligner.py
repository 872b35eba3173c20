"""Speech is told from what is none, by the weights of `pocket` that ship."""

from __future__ import annotations

import gc

import numpy as np
import pytest
import soundfile as sf
from support.paths import ASSETS, WEIGHTS

from enunciate.pocket.acoustic_model import AcousticModel
from enunciate.pocket.weights_folder import DESCRIPTION
from enunciate.speech_lm.packaged_speech_aligner import PocketSpeechAligner, packaged_speech_aligner

pytestmark = pytest.mark.skipif(not (WEIGHTS / DESCRIPTION).is_file(), reason=f"no weights in {WEIGHTS}")


@pytest.fixture(scope="module")
def aligner() -> PocketSpeechAligner:
    found = packaged_speech_aligner()
    assert found is not None
    return found


@pytest.mark.parametrize("name", ["correct", "mispronounced", "wrong_text"])
def test_readings_are_speech_alone_between_silences_and_in_noise(aligner, name):
    samples, rate_hz = sf.read(ASSETS / f"{name}.flac", dtype="float32")
    silence = np.zeros(3 * rate_hz, dtype=np.float32)
    noise = np.random.default_rng(0).standard_normal(len(samples)).astype(np.float32)
    assert aligner.has_speech(samples)
    assert aligner.has_speech(np.concatenate((silence, samples, silence)))
    assert aligner.has_speech(samples + 0.1 * samples.std() * noise)


@pytest.mark.parametrize("duration_s", [0.3, 3.0, pytest.param(20.0, marks=pytest.mark.slow)])
@pytest.mark.parametrize("level", [1e-3, 0.05, 0.2])
def test_white_noise_is_no_speech(aligner, duration_s, level):
    noise = level * np.random.default_rng(1).standard_normal(round(duration_s * 16_000))
    assert not aligner.has_speech(noise.astype(np.float32))


def test_silence_is_no_speech(aligner):
    assert not aligner.has_speech(np.zeros(3 * 16_000, dtype=np.float32))


@pytest.mark.parametrize("duration_s", [0.3, 1.5, 5.0])
def test_a_tone_is_no_speech(aligner, tone, duration_s):
    assert not aligner.has_speech(tone(duration_s))


def test_a_clip_is_encoded_once_and_forgotten_with_its_samples(monkeypatch):
    aligner, encoded = packaged_speech_aligner(), []
    encode = AcousticModel.__call__
    monkeypatch.setattr(AcousticModel, "__call__", lambda *a: encoded.append(1) or encode(*a))
    samples, _ = sf.read(ASSETS / "correct.flac", dtype="float32")
    same, words = samples.copy(), [["AY"], ["TH", "IH", "NG", "K"]]

    assert aligner.has_speech(samples)
    aligner.align_words(samples, words, "a")
    assert len(encoded) == 1
    samples = None
    gc.collect()
    aligner.align_words(same, words, "a")
    assert len(encoded) == 2 and len(aligner._encoded) == 1


def test_an_installation_without_weights_has_no_aligner(monkeypatch, tmp_path):
    monkeypatch.setattr("enunciate.speech_lm.packaged_speech_aligner.packaged_weights", lambda: tmp_path)
    assert packaged_speech_aligner() is None
