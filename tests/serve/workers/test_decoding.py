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


@pytest.fixture(scope="module")
def samples() -> np.ndarray:
    pytest.importorskip("av")
    return np.frombuffer(spoken(), "<i2").astype(np.float32) / 32_768


@pytest.mark.parametrize("container", ["webm", "mp4"])
@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_the_beginning_of_a_recording_has_the_samples_of_the_whole(samples, container, share):
    recording = recorded(samples, FORMAT.rate_hz, container, in_fragments=True)
    _, whole = samples_from(recording, 0.0, 60)
    _, begun = samples_from(recording[: round(share * len(recording))], 0.0, 60)
    settled = len(begun) - FORMAT.bytes_per_s // 20
    assert 0.6 * share * len(whole) < settled < len(whole)
    assert begun[:settled] == whole[:settled]


def test_an_mp4_is_decoded_wherever_it_is_cut(samples):
    """Also in the middle of the head of a fragment, and of a packet of Opus, which its decoder would take."""
    recording = recorded(samples, FORMAT.rate_hz, "mp4", in_fragments=True, codec="libopus")
    _, whole = samples_from(recording, 0.0, 60)
    known = 0
    for n_bytes in range(recording.index(b"moof", 10_000), len(recording), 293):
        _, begun = samples_from(recording[:n_bytes], 0.0, 60)
        settled = len(begun) - FORMAT.bytes_per_s // 20
        assert settled >= known
        assert begun[:settled] == whole[:settled]
        known = settled
    assert known > 0.9 * len(whole)


def test_an_mp4_whose_index_is_at_its_end_needs_it(samples):
    recording = recorded(samples, FORMAT.rate_hz, "mp4")
    outcome, begun = samples_from(recording[:-100], 0.0, 60)
    assert (json.loads(outcome)["error"], begun) == ("audio_not_readable", b"")
    assert samples_from(recording, 0.0, 60)[1]


def test_a_file_that_cannot_be_decoded_yet_is_an_error():
    outcome, samples = samples_from(FORMAT.wav(sound(0.1)), 0.0, 60)
    assert (json.loads(outcome)["error"], samples) == ("audio_too_short", b"")
