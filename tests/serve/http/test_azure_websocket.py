"""A client that speaks the protocol of Azure's Speech SDKs gets its messages in order, or is told why not."""

from __future__ import annotations

import hashlib
import json
import logging
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.testclient import WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect
from support.azure_client import CONVERSATION, INTERACTIVE, UNIVERSAL, connected
from support.serve_cases import application, metric, tone
from support.serve_gate import wait_until
from support.speech_streams import silence, sound

from enunciate.serve.http import websocket_connection

KEYS = frozenset({hashlib.sha256(b"right").hexdigest()})


@pytest.fixture(scope="module")
def client():
    with application() as running:
        yield running


def refused(client, path=INTERACTIVE, **headers) -> tuple[int, str]:
    with (
        pytest.raises(WebSocketDenialResponse) as denial,
        client.websocket_connect(path, headers=headers),
    ):
        pass
    return denial.value.status_code, denial.value.json()["error"]["message"]


def closed(azure) -> tuple[int, str]:
    """The code and the reason with which the service closes the connection."""
    with pytest.raises(WebSocketDisconnect) as closing:
        azure.receive_turn()
    return closing.value.code, closing.value.reason


@pytest.mark.parametrize("path", [INTERACTIVE, CONVERSATION, UNIVERSAL])
def test_a_turn_begins_has_its_phrase_and_ends(client, path):
    with connected(client, path) as azure:
        azure.send_context()
        azure.send_clip(sound(1.0))
        messages = azure.receive_turn()
    paths = [name for name, _ in messages]
    assert (paths[0], paths[-2:]) == ("turn.start", ["speech.phrase", "turn.end"])
    phrase, *last = [body for name, body in messages if name == "speech.phrase"]
    assert phrase["RecognitionStatus"] == "Success"
    ends = [] if path == INTERACTIVE else [("EndOfDictation", 10_000_000)]
    assert [(body["RecognitionStatus"], body["Offset"]) for body in last] == ends
    assert phrase["NBest"][0]["PronunciationAssessment"]["AccuracyScore"] == 70.0


def test_several_turns_follow_on_one_connection(client):
    with connected(client) as azure:
        for number in range(3):
            azure.request_id = f"turn{number}"
            azure.send_context(referenceText="hello" if number else "the weather")
            azure.send_clip(sound(1.0))
            (phrase,) = azure.phrases()
            assert len(phrase["NBest"][0]["Words"]) == (1 if number else 2)
            azure.send_audio(b"")  # JavaScript ends the audio once more
            azure.send_text("telemetry", {})


def test_a_microphone_that_stays_open_is_answered_once_nobody_speaks(client):
    with connected(client) as azure:
        azure.send_context()
        azure.send_clip(silence(0.5) + sound(1.0) + silence(0.7), end=False)
        messages = dict(azure.receive_turn())
    assert messages["speech.startdetected"]["Offset"] == pytest.approx(5_000_000, abs=1_000_000)
    assert messages["speech.enddetected"]["Offset"] == pytest.approx(15_000_000, abs=1_000_000)


def test_a_reading_that_pauses_before_its_end_goes_on(client):
    with connected(client) as azure:
        azure.send_context(referenceText="hello, I left")  # the fake engine hears no "left"
        azure.send_clip(sound(1.0) + silence(1.0) + sound(1.0) + silence(2.5), end=False)
        paths = [path for path, _ in azure.receive_turn()]
    assert paths.count("speech.hypothesis") == 2
    assert paths[-3:] == ["speech.enddetected", "speech.phrase", "turn.end"]


def test_utterances_without_a_text_are_told_one_by_one(client):
    with connected(client, CONVERSATION) as azure:
        azure.send_context(referenceText="")
        azure.send_clip((sound(1.0) + silence(1.0)) * 3)
        phrases = azure.phrases()
    assert [phrase["RecognitionStatus"] for phrase in phrases] == ["Success"] * 3
    starts = [phrase["Offset"] for phrase in phrases]
    assert starts == sorted(starts) and starts[2] > 20_000_000


def test_silence_is_a_status(client):
    with connected(client) as azure:
        azure.send_context()
        azure.send_clip(silence(6.0), end=False)
        (phrase,) = azure.phrases()
        assert phrase["RecognitionStatus"] == "InitialSilenceTimeout"
        azure.request_id = "turn2"
        azure.send_context()
        azure.send_audio(b"")
        (phrase,) = azure.phrases()
        assert phrase["RecognitionStatus"] == "InitialSilenceTimeout"


def test_compressed_audio_is_assessed_at_its_end(client):
    with connected(client) as azure:
        azure.send_context()
        for data in (tone(1.0, form="OGG"), b""):
            azure.send_audio(data)
        (phrase,) = azure.phrases()
    assert phrase["RecognitionStatus"] == "Success"


def test_an_omitted_word_is_one_only_with_miscues(client):
    with connected(client) as azure:
        azure.send_context(referenceText="I left")
        azure.send_clip(sound(1.0))
        (phrase,) = azure.phrases()
        omitted = phrase["NBest"][0]["Words"][1]
        assert omitted == {
            "Word": "left",
            "Offset": 0,
            "Duration": 0,
            "Syllables": [],
            "Phonemes": [],
            "PronunciationAssessment": {"AccuracyScore": 30.0, "ErrorType": "Omission"},
        }


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"referenceText": "你好"}, "English"),
        ({"gradingSystem": "TenPoint"}, "gradingsystem"),
        ({"referenceText": "a" * 5_001}, "referencetext"),
    ],
)
def test_a_bad_request_is_closed_with_a_sentence(client, asked, says):
    with connected(client) as azure:
        azure.send_context(**asked)
        azure.send_clip(sound(1.0))
        code, reason = closed(azure)
    assert code == 1007 and says in reason


@pytest.mark.parametrize("message", ["", "Path:x", b"", b"\xff\xff", "Path:speech.context\r\n\r\n{"])
def test_what_is_no_message_closes_the_connection(client, message):
    with connected(client) as azure:
        if isinstance(message, str):
            azure.session.send_text(message)
        else:
            azure.session.send_bytes(message)
        code, reason = closed(azure)
    assert code == 1007 and reason


def test_a_word_has_syllables_with_the_times_and_the_score_of_their_phonemes(client):
    with connected(client) as azure:
        azure.send_context(referenceText="hello", phonemeAlphabet="IPA")
        azure.send_clip(sound(1.0))
        (phrase,) = azure.phrases()
    (word,) = phrase["NBest"][0]["Words"]
    assert [syllable["Syllable"] for syllable in word["Syllables"]] == ["hʌ", "loʊ"]
    first, second = word["Syllables"]
    assert (first["Offset"], second["Offset"]) == (0, word["Phonemes"][2]["Offset"])
    assert first["PronunciationAssessment"]["AccuracyScore"] == 95.0


def test_a_key_is_taken_from_a_header_or_the_address_and_never_logged(caplog):
    with application(key_hashes=KEYS) as guarded, caplog.at_level(logging.INFO, "enunciate.serve"):
        assert refused(guarded)[0] == 403
        assert refused(guarded, **{"Ocp-Apim-Subscription-Key": "wrong"})[0] == 401
        for path, headers in (
            (INTERACTIVE, {"Ocp-Apim-Subscription-Key": "right"}),
            (INTERACTIVE, {"Authorization": "Bearer right"}),
            (f"{INTERACTIVE}?Ocp-Apim-Subscription-Key=right", {}),
            (f"{INTERACTIVE}?Authorization=Bearer%20right&language=en-US", {}),
        ):
            with connected(guarded, path, **headers) as azure:
                azure.send_context()
                azure.send_clip(sound(1.0))
                assert azure.phrases()

        def statuses() -> list[int]:
            lines = [json.loads(record.message) for record in caplog.records if record.message[:1] == "{"]
            return [line["status"] for line in lines if line["method"] == "WS"]

        wait_until(lambda: len(statuses()) == 6, "each connection has a line in the log")
    assert statuses()[:2] == [403, 401]
    assert "right" not in caplog.text and "wrong" not in caplog.text


def test_a_key_in_the_address_that_is_no_text_is_wrong():
    with application(key_hashes=KEYS) as guarded:
        assert refused(guarded, f"{INTERACTIVE}?Ocp-Apim-Subscription-Key=%ff")[0] == 401


def test_pages_of_other_sites_are_refused_unless_they_are_allowed():
    with application(cors_origins=("https://school.example",)) as limited:
        for other in ("https://other.example", "null", "http://["):
            assert refused(limited, origin=other)[0] == 403
        for origin in ("https://school.example", "http://testserver"):
            with connected(limited, origin=origin) as azure:
                azure.send_context()
                azure.send_clip(sound(1.0))
                assert azure.phrases()


def test_a_full_service_refuses_connections_and_turns():
    with (
        application(queue_size=0) as full,
        connected(full) as waiting,
        connected(full) as held,
        ThreadPoolExecutor() as others,
    ):
        held.send_context(referenceText="hold")
        held.send_clip(sound(1.0))
        answer = others.submit(held.phrases)
        admission = full.app.state.service.admission
        wait_until(lambda: admission._n_clips == 1, "a clip is running")
        assert refused(full)[0] == 429
        waiting.send_context()
        waiting.send_clip(sound(1.0))
        assert [phrase["RecognitionStatus"] for phrase in waiting.phrases()] == ["TooManyRequests"]
        full.app_state["gate"].open()
        assert answer.result()[0]["RecognitionStatus"] == "Success"


def test_connections_are_counted():
    with application(max_connections=1) as limited:
        with connected(limited):
            assert refused(limited)[0] == 429
        assert metric(limited, "enunciate_sheds_total") == 1

        def connects() -> bool:
            try:
                with connected(limited):
                    return True
            except WebSocketDenialResponse:
                return False

        wait_until(connects, "the place of a closed connection is free again")


def test_audio_has_limits_of_bytes_and_seconds():
    with application(max_bytes=100_000, max_clip_s=2.0) as limited:
        with connected(limited) as azure:
            azure.send_context()
            for _ in range(6):
                azure.send_audio(b"x" * 20_000)
            code, reason = closed(azure)
            assert code == 1007 and "100,000 bytes" in reason
        with connected(limited, CONVERSATION) as azure:
            azure.send_context()
            azure.send_clip(sound(2.5))
            code, reason = closed(azure)
            assert code == 1007 and "2 s" in reason
        assert limited.app.state.service.admission._n_bytes == 0


def test_a_draining_service_begins_no_turn():
    with application() as stopping, connected(stopping) as azure:
        stopping.app.state.service.admission.draining = True
        azure.send_context()
        azure.send_clip(sound(1.0))
        code, reason = closed(azure)
        assert code == 1011 and "shutting down" in reason
        assert refused(stopping)[0] == 503


@pytest.mark.parametrize("text", [pytest.param("crash", marks=pytest.mark.slow), "bug"])
def test_a_failure_of_the_engine_is_not_the_fault_of_the_request(text):
    with application() as running, connected(running) as azure:
        azure.send_context(referenceText=text)
        azure.send_clip(sound(1.0))
        code, reason = closed(azure)
    assert code == 1011 and reason


def test_a_client_that_sends_nothing_in_a_turn_is_not_waited_for(client, monkeypatch):
    monkeypatch.setattr("enunciate.serve.http.azure_websocket.STALLED_S", 0.05)
    with connected(client) as azure:
        azure.send_context()
        azure.send_audio(b"RIFF")
        code, reason = closed(azure)
    assert code == 1007 and "no audio" in reason


def test_a_client_that_leaves_in_a_turn_leaves_nothing_behind(client):
    with connected(client) as azure:
        azure.send_context()
        azure.send_audio(b"RIFF")
        assert azure.receive()[0] == "turn.start"
    admission = client.app.state.service.admission
    wait_until(lambda: not admission.busy and admission._n_bytes == 0, "the turn is over")


def test_the_messages_of_a_connection_are_counted(client, monkeypatch):
    monkeypatch.setattr(websocket_connection, "MAX_MESSAGES", 10)
    with connected(client) as azure:
        for _ in range(20):
            azure.send_text("telemetry", {})
        assert closed(azure)[0] == 1007


def test_there_is_no_websocket_elsewhere(client):
    with pytest.raises(WebSocketDenialResponse) as denial, client.websocket_connect("/v1/nothing"):
        pass
    assert denial.value.status_code == 404
