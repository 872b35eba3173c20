"""Azure's own Speech SDK for Python works against the service, on the loopback interface."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import threading

import pytest
from support.azure_sdk import from_file, json_of, recognise_all, recognizer, speechsdk, write_wav
from support.documentation import blocks
from support.serve_cases import TEXT, post, server
from support.serve_gate import wait_until
from support.speech_streams import FORMAT, pieces, silence, spoken

pytestmark = pytest.mark.slow

WORDS = "i think the weather is nice today".split()


@pytest.fixture(scope="module")
def pocket():
    with server(model="pocket") as running:
        yield running


@pytest.fixture
def clip(tmp_path):
    return write_wav(tmp_path / "clip.wav")


def error_of(result) -> tuple[object, str]:
    assert result.reason == speechsdk.ResultReason.Canceled
    details = result.cancellation_details
    return details.code, details.error_details


def test_the_example_of_the_documentation_prints_scores(pocket, clip):
    (example,) = blocks("azure.md", "python")
    done = subprocess.run(
        [sys.executable, "-c", example.replace(":8000", f":{pocket.client.base_url.port}")],
        cwd=clip.parent,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    first, *lines = done.stdout.splitlines()
    assert 0 < float(first.removeprefix("pronunciation ")) <= 100
    assert [line.split()[:2] for line in lines] == [
        [word, "Mispronunciation" if word == "nice" else "None"] for word in WORDS
    ]


def test_a_file_with_a_text_gets_all_that_was_asked_for(pocket, clip):
    asked = {"phonemeAlphabet": "IPA", "nBestPhonemeCount": 5, "enableProsodyAssessment": True}
    result = recognizer(pocket, from_file(clip), **asked).recognize_once()
    assert (result.reason, result.text) == (speechsdk.ResultReason.RecognizedSpeech, TEXT)
    assessed = speechsdk.PronunciationAssessmentResult(result)
    assert assessed.prosody_score > 50 and assessed.completeness_score == 100
    nice = assessed.words[5].phonemes[0]
    assert (nice.phoneme, nice.nbest_phonemes[0].phoneme) == ("n", "l")
    think = assessed.words[1].phonemes[0]
    scores = [candidate.score for candidate in think.nbest_phonemes]
    assert (think.phoneme, think.nbest_phonemes[0].phoneme, len(scores)) == ("θ", "θ", 5)
    assert scores[0] == 100 and scores == sorted(scores, reverse=True)
    (best,) = json_of(result)["NBest"]
    assert best["Words"][0]["PronunciationAssessment"]["Feedback"]["Prosody"]["Break"]["ErrorTypes"]


def test_the_default_grading_system_has_five_points(pocket, clip):
    result = recognizer(pocket, from_file(clip), gradingSystem="FivePoint").recognize_once()
    assert 0 < speechsdk.PronunciationAssessmentResult(result).pronunciation_score <= 5


def test_a_file_without_a_text_gets_scores(pocket, clip):
    result = recognizer(pocket, from_file(clip), referenceText="").recognize_once()
    assessed = speechsdk.PronunciationAssessmentResult(result)
    assert assessed.accuracy_score > 50 and assessed.words == []


def test_miscues_are_words_of_their_own(pocket, clip):
    text = "I think the lovely weather is today."
    result = recognizer(pocket, from_file(clip), referenceText=text, enableMiscue=True).recognize_once()
    words = speechsdk.PronunciationAssessmentResult(result).words
    errors = {word.word: word.error_type for word in words}
    assert errors["lovely"] == "Omission"
    assert "Insertion" in errors.values()


def words_of(results) -> list[str]:
    assessed = map(speechsdk.PronunciationAssessmentResult, results)
    return [word.word for one in assessed for word in one.words]


def test_a_reading_of_two_minutes_is_told_phrase_by_phrase_beyond_the_limit_of_a_clip(pocket, tmp_path):
    path = write_wav(tmp_path / "long.wav", repeat=42)
    results = recognise_all(recognizer(pocket, from_file(path), referenceText=" ".join([TEXT] * 42)))
    assert [result.text for result in results] == [TEXT] * 42
    assert words_of(results) == WORDS * 42
    offsets = [result.offset for result in results]
    assert offsets == sorted(offsets) and offsets[-1] > 1_200_000_000


def test_a_phrase_is_told_while_the_reading_goes_on(pocket):
    stream = speechsdk.audio.PushAudioInputStream(speechsdk.audio.AudioStreamFormat(FORMAT.rate_hz))
    made = recognizer(pocket, speechsdk.AudioConfig(stream=stream), referenceText=f"{TEXT} {TEXT}")
    told: list[str] = []
    made.recognized.connect(lambda event: told.append(event.result.text))
    made.start_continuous_recognition_async().get()
    stream.write(spoken() + silence(0.5))  # and nothing more
    wait_until(lambda: told == [TEXT], "the first phrase is told")
    stream.write(spoken() + silence(0.5))
    wait_until(lambda: told == [TEXT, TEXT], "the second phrase is told")
    made.stop_continuous_recognition_async().get()


def test_what_was_not_read_to_the_end_is_omissions(pocket, clip):
    options = {"referenceText": f"{TEXT} Come home!", "enableMiscue": True}
    results = recognise_all(recognizer(pocket, from_file(clip), **options))
    assert words_of(results) == [*WORDS, "come", "home"]
    missing = speechsdk.PronunciationAssessmentResult(results[-1])
    assert {word.error_type for word in missing.words} == {"Omission"}
    assert missing.completeness_score == 0


def test_utterances_without_a_text_are_told_one_by_one(pocket, tmp_path):
    path = write_wav(tmp_path / "three.wav", repeat=3)
    results = recognise_all(recognizer(pocket, from_file(path), referenceText=""))
    assert len(results) == 3


def test_a_stream_that_is_never_closed_is_answered_when_the_reading_is_over(pocket):
    stream = speechsdk.audio.PushAudioInputStream(speechsdk.audio.AudioStreamFormat(FORMAT.rate_hz))
    made = recognizer(pocket, speechsdk.AudioConfig(stream=stream))
    over = threading.Event()

    def speak() -> None:
        for piece in pieces(spoken() + silence(60.0)):
            if over.wait(0.1):  # the pace of a microphone
                return
            stream.write(piece)

    speaking = threading.Thread(target=speak)
    speaking.start()
    try:
        assert made.recognize_once().text == TEXT
    finally:
        over.set()
        speaking.join()


class Samples(speechsdk.audio.PullAudioInputStreamCallback):
    """Gives samples when the SDK asks for them."""

    def __init__(self, pcm: bytes) -> None:
        super().__init__()
        self._pcm = io.BytesIO(pcm)

    def read(self, buffer: memoryview) -> int:
        return self._pcm.readinto(buffer)

    def close(self) -> None:
        self._pcm.close()


def test_a_stream_that_the_sdk_pulls_is_assessed(pocket):
    form = speechsdk.audio.AudioStreamFormat(FORMAT.rate_hz)
    stream = speechsdk.audio.PullAudioInputStream(Samples(spoken()), form)
    made = recognizer(pocket, speechsdk.AudioConfig(stream=stream))
    assert made.recognize_once().text == TEXT


def test_a_silence_that_the_client_chose_ends_the_waiting_for_speech(pocket):
    stream = speechsdk.audio.PushAudioInputStream(speechsdk.audio.AudioStreamFormat(FORMAT.rate_hz))
    stream.write(silence(1.5))  # and no end
    chosen = {speechsdk.PropertyId.SpeechServiceConnection_InitialSilenceTimeoutMs: "1000"}
    made = recognizer(pocket, speechsdk.AudioConfig(stream=stream), properties=chosen)
    result = made.recognize_once()
    assert result.reason == speechsdk.ResultReason.NoMatch


def test_one_recogniser_can_be_used_again(pocket):
    stream = speechsdk.audio.PushAudioInputStream(speechsdk.audio.AudioStreamFormat(FORMAT.rate_hz))
    stream.write((spoken() + silence(1.0)) * 2)
    stream.close()
    made = recognizer(pocket, speechsdk.AudioConfig(stream=stream))
    assert [made.recognize_once().text for _ in range(2)] == [TEXT, TEXT]


def test_what_is_wrong_with_a_text_is_said_to_the_user(pocket, clip):
    code, details = error_of(recognizer(pocket, from_file(clip), referenceText="你好").recognize_once())
    assert code == speechsdk.CancellationErrorCode.BadRequest and "no English word" in details


def test_silence_is_no_match(pocket, tmp_path):
    path = tmp_path / "silence.wav"
    path.write_bytes(FORMAT.wav(silence(2.0)))
    result = recognizer(pocket, from_file(path)).recognize_once()
    assert result.reason == speechsdk.ResultReason.NoMatch


def test_a_wrong_key_is_an_authentication_failure(clip):
    keys = {"key_hashes": [hashlib.sha256(b"right").hexdigest()]}
    with server(**keys) as guarded:
        code, _ = error_of(recognizer(guarded, from_file(clip), key="wrong").recognize_once())
        assert code == speechsdk.CancellationErrorCode.AuthenticationFailure
        right = recognizer(guarded, from_file(clip), key="right").recognize_once()
        assert right.reason == speechsdk.ResultReason.RecognizedSpeech


def test_a_full_service_says_so(clip):
    with server(queue_size=0) as full:
        held = threading.Thread(target=lambda: post(full.client, "hold"))
        held.start()
        full.gate.wait_held()
        code, _ = error_of(recognizer(full, from_file(clip)).recognize_once())
        full.gate.open()
        held.join()
    assert code == speechsdk.CancellationErrorCode.TooManyRequests


def test_a_server_that_dies_in_a_turn_is_an_error(clip):
    with server() as running:
        made = recognizer(running, from_file(clip), referenceText="hold")
        waiting = made.recognize_once_async()
        running.gate.wait_held()
        running.process.kill()
        code, _ = error_of(waiting.get())
        running.gate.open()  # the worker, too, ends
    assert code in (
        speechsdk.CancellationErrorCode.ConnectionFailure,
        speechsdk.CancellationErrorCode.ServiceError,
    )
