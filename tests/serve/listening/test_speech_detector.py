"""Speech is told from silence by its level above the noise, at any level that recordings have."""

from __future__ import annotations

import pytest
from support.speech_streams import FORMAT, mixed, pieces, silence, sound, spoken

from enunciate.serve.listening.pcm import PcmFormat
from enunciate.serve.listening.speech_detector import SpeechDetector


def heard(*parts: bytes, audio_format: PcmFormat = FORMAT) -> SpeechDetector:
    detector = SpeechDetector(audio_format)
    for piece in pieces(b"".join(parts), 1_001):
        detector.push(piece)
    return detector


@pytest.mark.parametrize("noise", [0.0, 0.0005, 0.003])
@pytest.mark.parametrize("audio_format", [FORMAT, PcmFormat(48_000, 2), PcmFormat(8_000)])
def test_speech_begins_and_ends_where_it_does(noise, audio_format):
    around = (silence(1.0, 0.0, audio_format), silence(2.0, 0.0, audio_format))
    speech = around[0] + sound(1.0, 0.2, audio_format) + around[1]
    detector = heard(mixed(speech, silence(4.0, noise, audio_format)), audio_format=audio_format)
    assert detector.start_s == pytest.approx(1.0, abs=0.06)
    assert detector.end_s == pytest.approx(2.0, abs=0.1)
    assert detector.silence_s == pytest.approx(2.0, abs=0.1)
    assert detector.speech_s == pytest.approx(0.8, abs=0.2)


def test_silence_noise_and_a_click_are_no_speech():
    click = b"\xff\x7f" * 320
    assert heard(silence(3.0)).start_s is None
    assert heard(silence(3.0, 0.01)).start_s is None
    assert heard(silence(1.0), click, silence(1.0)).start_s is None


def test_speech_from_the_first_sample_on_is_speech():
    assert heard(sound(1.0)).start_s == 0.0


def test_a_spoken_sentence_is_one_stretch_of_speech():
    detector = heard(spoken())
    assert detector.start_s == pytest.approx(0.4, abs=0.1)
    assert detector.end_s == pytest.approx(2.2, abs=0.15)


def test_after_a_restart_the_next_utterance_has_its_own_times():
    detector = heard(sound(1.0), silence(1.0))
    detector.restart()
    assert (detector.start_s, detector.speech_s, detector.silence_s) == (None, 0.0, 0.0)
    detector.push(silence(0.5) + sound(0.5))
    assert detector.start_s == pytest.approx(2.5, abs=0.1)
