"""A stream is cut at the silences that the rules name, whatever the size of its messages."""

from __future__ import annotations

import io

import pytest
import soundfile as sf
from support.serve_cases import tone
from support.speech_streams import FORMAT, pieces, silence, sound

from enunciate.serve.listening.segmenter import (
    InitialSilence,
    Paused,
    Segmenter,
    SilenceRules,
    SpeechEnded,
    SpeechStarted,
)
from enunciate.serve.listening.turn_audio import TurnAudio


def events(segmenter: Segmenter, *parts: bytes, size: int = 3_200) -> list[object]:
    found: list[object] = []
    for piece in pieces(b"".join(parts), size):
        for event in segmenter.push(piece):
            found.append(event)
            if isinstance(event, SpeechEnded):
                segmenter.next_utterance()
    return found


@pytest.mark.parametrize("size", [1, 640, 3_200, 1_000_000])
def test_the_cuts_do_not_depend_on_the_size_of_messages(size):
    segmenter = Segmenter(FORMAT, SilenceRules(end_s=0.5))
    data = (sound(0.3), silence(0.6), sound(0.3), silence(0.3))
    kinds = [type(event) for event in events(segmenter, *data, size=size)]
    assert kinds == [SpeechStarted, SpeechEnded, SpeechStarted]


def test_an_utterance_ends_after_the_silence_and_not_in_a_shorter_one():
    segmenter = Segmenter(FORMAT, SilenceRules(end_s=0.8))
    found = events(segmenter, silence(1), sound(1), silence(0.6), sound(1), silence(1))
    assert [type(event) for event in found] == [SpeechStarted, SpeechEnded]
    assert found[1].at_s == pytest.approx(3.6, abs=0.1)


def test_a_pause_is_told_once_and_a_long_one_again():
    segmenter = Segmenter(FORMAT, SilenceRules(pause_s=0.5))
    found = events(segmenter, sound(1), silence(2), sound(1), silence(4))
    assert [type(event) for event in found] == [SpeechStarted, Paused, Paused, Paused]
    assert found[2].at_s == found[3].at_s


def test_in_a_long_reading_only_long_pauses_are_told():
    segmenter = Segmenter(FORMAT, SilenceRules(pause_s=0.5))
    found = events(segmenter, sound(16), silence(1), sound(1), silence(4))
    assert [type(event) for event in found] == [SpeechStarted, Paused]


def test_silence_at_the_start_ends_it_where_the_rules_say_so():
    segmenter = Segmenter(FORMAT, SilenceRules(initial_s=5.0))
    (first, *_) = events(segmenter, silence(6))
    assert isinstance(first, InitialSilence) and first.at_s == pytest.approx(5.0, abs=0.11)


def test_speech_without_an_end_is_cut_at_the_greatest_length():
    segmenter = Segmenter(FORMAT, SilenceRules(end_s=1.0, longest_s=3.0))
    kinds = [type(event) for event in events(segmenter, sound(7))]
    assert kinds.count(SpeechEnded) == 2


def test_a_long_silence_is_not_kept_and_times_stay_right():
    segmenter = Segmenter(FORMAT, SilenceRules(end_s=0.5))
    found = events(segmenter, silence(60), sound(1))
    assert segmenter.n_bytes < 5 * FORMAT.bytes_per_s
    assert found[0].at_s == pytest.approx(60.0, abs=0.1)
    samples, _ = sf.read(io.BytesIO(segmenter.clip()))
    assert segmenter.start_s + len(samples) / FORMAT.rate_hz == pytest.approx(61.0)


def test_the_end_of_an_utterance_can_be_kept_for_the_next():
    segmenter = Segmenter(FORMAT, SilenceRules())
    list(segmenter.push(sound(1) + silence(1)))
    segmenter.next_utterance(keep_s=0.25)
    assert (segmenter.start_s, segmenter.n_bytes) == (1.75, 0.25 * FORMAT.bytes_per_s)
    assert not segmenter.has_speech
    segmenter.next_utterance(keep_s=9.0)
    assert segmenter.start_s == 1.75


def test_audio_that_only_a_decoder_can_read_is_kept_as_it_is():
    file = tone(1.0, form="OGG")
    audio = TurnAudio(SilenceRules(end_s=0.5))
    for piece in pieces(file, 100):
        assert list(audio.push(piece)) == []
    assert audio.clip() == file and audio.n_bytes == len(file)


def test_a_wav_is_cut_whose_header_comes_in_pieces():
    audio = TurnAudio(SilenceRules(end_s=0.5))
    wav = FORMAT.wav(sound(1) + silence(1))
    kinds = [type(event) for piece in pieces(wav, 7) for event in audio.push(piece)]
    assert kinds[:2] == [SpeechStarted, SpeechEnded]
