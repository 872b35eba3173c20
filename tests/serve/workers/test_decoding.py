"""The samples of a file whose end is still to come."""

import json

import numpy as np
import pytest
from recorded_media import recorded
from support.speech_streams import FORMAT, sound, spoken

from enunciate.serve.workers.decoding import samples_from


def test_samples_are_those_from_a_time_on():
    pcm = sound(1.0)
    _, whole = samples_from(FORMAT.wav(pcm), 0.0, 60)
    assert np.abs(np.frombuffer(whole, "<i2") - np.frombuffer(pcm, "<i2").astype(int)).max() <= 1
    outcome, rest = samples_from(FORMAT.wav(pcm), 0.75, 60)
    assert rest == whole[24_000:]
    assert json.loads(outcome)["duration_s"] == 1.0


def test_the_beginning_of_a_webm_has_the_samples_of_the_whole():
    pytest.importorskip("av")
    samples = np.frombuffer(spoken(), "<i2").astype(np.float32) / 32_768
    webm = recorded(samples, FORMAT.rate_hz, "webm", in_fragments=True)
    _, whole = samples_from(webm, 0.0, 60)
    _, half = samples_from(webm[: len(webm) // 2], 0.0, 60)
    settled = len(half) - FORMAT.bytes_per_s // 20
    assert 0.3 * len(whole) < settled < len(whole)
    assert half[:settled] == whole[:settled]


def test_a_file_that_cannot_be_decoded_yet_is_an_error():
    outcome, samples = samples_from(FORMAT.wav(sound(0.1)), 0.0, 60)
    assert (json.loads(outcome)["error"], samples) == ("audio_too_short", b"")
