"""A client that was written for Azure's pronunciation assessment gets what it expects, if we have it."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import time

import pytest
import soundfile as sf
from support.fake_assessor import assessment_of
from support.serve_cases import SPOKEN, TEXT, application, server, tone, wait_ready

from enunciate.schema import Score, Utterance
from enunciate.serve.azure.options import AzureOptions, parse_options
from enunciate.serve.azure.response import overall
from enunciate.serve.azure.response import response as answer

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
    with server(model="pocket") as found:
        yield found.client


def call(client, audio, content_type=WAV, language="en-US", pronunciation=ALL, **headers):
    """As the samples of the documentation do it."""
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
            time.sleep(0.0005)
            yield data[start : start + 1024]

    response = call(client, chunks(), Expect="100-continue")

    assert response.status_code == 200
    found = response.json()
    assert (found["RecognitionStatus"], found["DisplayText"]) == ("Success", TEXT)
    (best,) = found["NBest"]
    assert best["Lexical"] == best["ITN"] == best["MaskedITN"] == "i think the weather is nice today"
    for name in ("AccuracyScore", "FluencyScore", "CompletenessScore", "PronScore", "ProsodyScore"):
        assert 60 < best[name] <= 100
    words = best["Words"]
    assert [word["Word"] for word in words] == "i think the weather is nice today".split()
    wrong = words[5]
    assert (wrong["ErrorType"], words[1]["ErrorType"]) == ("Mispronunciation", "None")
    sound = wrong["Phonemes"][0]
    assert sound["Phoneme"] == "n" and sound["AccuracyScore"] < 50
    assert sound["NBestPhonemes"][0]["Phoneme"] == "l" and sound["NBestPhonemes"][0]["Score"] > 90
    assert found["Offset"] == words[0]["Offset"] == words[0]["Phonemes"][0]["Offset"]
    assert found["Offset"] + found["Duration"] == words[-1]["Offset"] + words[-1]["Duration"] < 26_200_000
    assert all(isinstance(word["Offset"], int) for word in words)


def test_files_in_both_documented_formats_are_taken(client):
    wav = call(client, as_file("WAV", "PCM_16")).json()["NBest"][0]
    opus = call(client, as_file("OGG", "OPUS"), "audio/ogg; codecs=opus").json()["NBest"][0]
    assert wav["PronScore"] == pytest.approx(opus["PronScore"], abs=10)


def test_without_reference_text_there_are_scores_but_no_words(client):
    options = header(GradingSystem="HundredMark", Dimension="Comprehensive")
    found = call(client, as_file("WAV", "PCM_16"), pronunciation=options).json()
    (best,) = found["NBest"]
    assert best.keys() == {"AccuracyScore", "FluencyScore", "PronScore"}
    assert found["RecognitionStatus"] == "Success" and found["Offset"] > 0


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
        ({"pronunciation": header(ReferenceText="xzqj")}, "dictionary"),
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


def test_limits_and_failures_come_in_azures_form():
    with application(timeout_s=0.5, max_bytes=100_000) as limited:
        for reference, audio, status in (
            ("hang", tone(), 504),
            ("crash", tone(), 500),
            ("bug", tone(), 500),
            ("hello", tone(5), 413),
        ):
            wait_ready(limited)
            response = call(limited, audio, pronunciation=header(ReferenceText=reference))
            assert response.status_code == status
            assert response.json()["error"]["message"]


# ---------------------------------------------------------------------------- the form of the answer alone


def assessed(text: str | None = "think left", **changes):
    return assessment_of(Utterance(id="a", audio=b"", text=text), 2.0).model_copy(update=changes)


def best_of(assessment, **options) -> dict:
    return answer(assessment, AzureOptions.model_validate(options))["NBest"][0]


def test_the_overall_score_is_the_documented_sum():
    # The example in Microsoft's description of the interface: 100, 100, 100 and 87.8 give 95.1.
    assert overall([100.0, 100.0, 87.8, 100.0]) == pytest.approx(95.1, abs=0.05)
    assert overall([50.0, 100.0, 100.0]) == pytest.approx(70.0)
    assert overall([50.0, 100.0]) == pytest.approx(70.0)


def test_basic_says_the_accuracy_alone():
    found = best_of(assessed())
    assert found["AccuracyScore"] == 3.5  # 7 of 10, on the scale to 5 that is Azure's default
    assert not {"FluencyScore", "CompletenessScore", "PronScore", "ProsodyScore"} & found.keys()
    assert "ErrorType" not in found["Words"][0]


def test_granularity_sets_how_deep_the_answer_goes():
    assert "Phonemes" in best_of(assessed())["Words"][0]
    assert "Phonemes" not in best_of(assessed(), granularity="word")["Words"][0]
    assert "Words" not in best_of(assessed(), granularity="fulltext")


def test_omissions_are_called_so_where_miscues_are_asked_for():
    def errors(**options):
        words = best_of(assessed(), dimension="comprehensive", **options)["Words"]
        return [word["ErrorType"] for word in words]

    assert errors(enable_miscue=True) == ["Mispronunciation", "Omission"]
    assert errors() == ["Mispronunciation", "Mispronunciation"]
    assert best_of(assessed())["Display"] == "think"


def test_phones_are_named_in_the_alphabet_asked_for():
    def names(**options):
        return [phone["Phoneme"] for phone in best_of(assessed("the hat"), **options)["Words"][1]["Phonemes"]]

    assert names() == ["h", "ae", "t"]
    assert names(phoneme_alphabet="ipa") == ["h", "æ", "t"]


def test_the_phone_that_was_heard_is_the_only_candidate():
    think, left = best_of(assessed(), n_best_phoneme_count=3, grading_system="hundredmark")["Words"]
    assert think["Phonemes"][0]["NBestPhonemes"] == [{"Phoneme": "s", "Score": 87.0}]
    assert left["Phonemes"][0]["NBestPhonemes"] == []
    assert "NBestPhonemes" not in best_of(assessed())["Words"][0]["Phonemes"][0]


def test_what_an_engine_does_not_say_is_left_out():
    nowhere = assessed(fluency=None, words=(), transcript="think")
    found = answer(nowhere, AzureOptions(dimension="comprehensive"))
    (best,) = found["NBest"]
    assert best.keys().isdisjoint({"FluencyScore", "PronScore", "Words", "Confidence"})
    assert best["Display"] == "think"
    assert answer(assessed(phones=()), AzureOptions())["RecognitionStatus"] == "NoMatch"


def test_prosody_counts_in_the_overall_score_only_where_it_is_asked_for():
    low = assessed(prosodic=Score(value=0, low=0, high=1))
    without = best_of(low, dimension="comprehensive")
    asked = best_of(low, dimension="comprehensive", enable_prosody_assessment=True)
    assert "ProsodyScore" not in without
    assert asked["ProsodyScore"] == 0 and asked["PronScore"] < without["PronScore"]


def test_the_names_in_the_header_count_in_any_case():
    found = parse_options(
        header(referenceText="Hi", gradingSystem="hundredmark", enableMiscue=True).rstrip("=")
    )
    assert (found.reference_text, found.grading_system, found.enable_miscue) == ("Hi", "hundredmark", True)
