"""A client that was written for Azure's pronunciation assessment gets what it expects."""

from __future__ import annotations

import base64
import hashlib
import io
import json

import pytest
import soundfile as sf
from support.serve_cases import CLIP, SPOKEN, TEXT, application, server, tone, wait_ready

from enunciate.serve.workers.pool import ClipTimeoutError

PATH = "/speech/recognition/conversation/cognitiveservices/v1"
WAV = "audio/wav; codecs=audio/pcm; samplerate=16000"
# What Microsoft's samples send ahead of audio that is not all there yet: a WAV header with 0 for the length.
STREAM_HEADER = bytes.fromhex(
    "524946464e80000057415645666d74201200000001000100803e0000007d0000020010000000646174610000 0000"
)


def header(**options) -> str:
    return base64.b64encode(json.dumps(options).encode()).decode()


ALL = header(
    ReferenceText=TEXT,
    GradingSystem="HundredMark",
    Granularity="Phoneme",
    Dimension="Comprehensive",
    EnableMiscue="True",
    EnableProsodyAssessment="True",
    PhonemeAlphabet="IPA",
    NBestPhonemeCount=5,
    ScenarioId="",
)


def samples() -> bytes:
    return sf.read(SPOKEN, dtype="int16")[0].tobytes()


def as_file(form: str, subtype: str) -> bytes:
    data, rate_hz = sf.read(SPOKEN)
    file = io.BytesIO()
    sf.write(file, data, rate_hz, format=form, subtype=subtype)
    return file.getvalue()


@pytest.fixture(scope="module")
def client():
    with server(model="pocket") as running:
        yield running.client


def call(client, audio, content_type=WAV, language="en-US", pronunciation=ALL, **headers):
    """Send a request as the samples in the documentation do."""
    given = {
        "Accept": "application/json;text/xml",
        "Content-Type": content_type,
        "Ocp-Apim-Subscription-Key": "KEY",
        "Pronunciation-Assessment": pronunciation,
    }
    url = f"{PATH}?language={language}&format=detailed"
    sent = {name: value for name, value in (given | headers).items() if value is not None}
    return client.post(url, headers=sent, content=audio)


def test_a_client_that_sends_chunks_as_they_are_spoken_gets_scores(client):
    def chunks():
        yield STREAM_HEADER
        data = samples()
        for start in range(0, len(data), 1024):
            yield data[start : start + 1024]

    response = call(client, chunks(), Expect="100-continue")

    assert response.status_code == 200
    answer = response.json()
    assert (answer["RecognitionStatus"], answer["DisplayText"]) == ("Success", TEXT)
    (best,) = answer["NBest"]
    assert best["Lexical"] == best["ITN"] == best["MaskedITN"] == "i think the weather is nice today"
    for name in ("AccuracyScore", "FluencyScore", "CompletenessScore", "PronScore", "ProsodyScore"):
        assert 50 < best[name] <= 100
    words = best["Words"]
    assert [word["Word"] for word in words] == "i think the weather is nice today".split()
    wrong = words[5]
    assert (wrong["ErrorType"], words[1]["ErrorType"]) == ("Mispronunciation", "None")
    sound = wrong["Phonemes"][0]
    assert sound["Phoneme"] == "n" and sound["AccuracyScore"] < 50
    assert sound["NBestPhonemes"][0]["Phoneme"] == "l" and sound["NBestPhonemes"][0]["Score"] > 90
    assert answer["Offset"] == words[0]["Offset"] == words[0]["Phonemes"][0]["Offset"]
    assert answer["Offset"] + answer["Duration"] == words[-1]["Offset"] + words[-1]["Duration"] < 26_200_000
    assert all(isinstance(word["Offset"], int) for word in words)


def test_files_in_both_documented_formats_are_taken(client):
    wav = call(client, as_file("WAV", "PCM_16")).json()["NBest"][0]
    opus = call(client, as_file("OGG", "OPUS"), "audio/ogg; codecs=opus").json()["NBest"][0]
    assert wav["PronScore"] == pytest.approx(opus["PronScore"], abs=10)


def test_without_reference_text_there_are_scores_but_no_words(client):
    options = header(GradingSystem="HundredMark", Dimension="Comprehensive")
    answer = call(client, as_file("WAV", "PCM_16"), pronunciation=options).json()
    (best,) = answer["NBest"]
    assert best.keys() == {"AccuracyScore", "FluencyScore", "PronScore"}
    assert answer["RecognitionStatus"] == "Success" and answer["Offset"] > 0


def test_silence_is_no_error(client):
    response = call(client, tone(1.5, volume=0))
    assert response.status_code == 200
    assert response.json() == {
        "RecognitionStatus": "InitialSilenceTimeout",
        "Offset": 15_000_000,
        "Duration": 0,
    }


def test_speech_much_shorter_than_the_text_does_not_match(client):
    pronunciation = header(ReferenceText=" ".join([TEXT] * 5))
    response = call(client, tone(0.5), pronunciation=pronunciation)
    assert (response.status_code, response.json()["RecognitionStatus"]) == (200, "NoMatch")


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"language": "de-DE"}, "language"),
        ({"language": ""}, "language"),
        ({"content_type": "text/plain"}, "Content-Type"),
        ({"content_type": None}, "Content-Type"),
        ({"pronunciation": None}, "Pronunciation-Assessment is missing"),
        ({"pronunciation": "?"}, "base64"),
        ({"pronunciation": base64.b64encode(b"{").decode()}, "JSON"),
        ({"pronunciation": base64.b64encode(b"[]").decode()}, "object"),
        ({"pronunciation": header(GradingSystem="TenPoint")}, "gradingsystem"),
        ({"pronunciation": header(ReferenceText="你好")}, "English"),
        ({"pronunciation": header(ReferenceText="hello 你好")}, "English words"),
        ({"audio": b"no audio"}, "not audio"),
        ({"audio": b""}, "empty"),
    ],
)
def test_what_is_wrong_with_a_request_is_said_in_azures_form(client, changed, says):
    response = call(client, **({"audio": tone()} | changed))
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "BadRequest"
    assert says in response.json()["error"]["message"]


def test_a_missing_key_is_forbidden_and_a_wrong_one_unauthorised():
    with application(key_hashes=frozenset({hashlib.sha256(b"right").hexdigest()})) as guarded:
        statuses = [
            call(guarded, tone(), **{"Ocp-Apim-Subscription-Key": key}).status_code
            for key in (None, "wrong", "right")
        ]
        by_token = call(
            guarded, tone(), **{"Ocp-Apim-Subscription-Key": None, "Authorization": "Bearer right"}
        )
    assert statuses == [403, 401, 200]
    assert by_token.status_code == 200


@pytest.mark.slow
def test_limits_and_failures_come_in_azures_form(monkeypatch):
    with application(max_bytes=100_000) as limited:

        def refused(reference: str, audio: bytes = CLIP) -> int:
            wait_ready(limited)
            response = call(limited, audio, pronunciation=header(ReferenceText=reference))
            assert response.json()["error"]["message"]
            return response.status_code

        assert refused("crash") == 500
        assert refused("bug") == 500
        assert refused("hello", tone(5)) == 413

        async def late(job, audio):
            raise ClipTimeoutError

        monkeypatch.setattr(limited.app.state.service.pool, "assess", late)
        assert refused("hello") == 504
