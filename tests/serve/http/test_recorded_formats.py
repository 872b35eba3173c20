"""What phones and browsers record is taken by every interface of the service."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest
from recorded_media import recorded
from support.azure_client import CONVERSATION, connected
from support.serve_cases import application, post
from support.speech_streams import pieces

FORMS = ["webm", "mp4", "adts"]


@pytest.fixture(scope="module")
def client():
    with application() as running:
        yield running


def tone_as(container: str, seconds: float = 1.5) -> bytes:
    time_s = np.arange(round(48_000 * seconds)) / 48_000
    return recorded(
        0.3 * np.sin(2 * np.pi * 220 * time_s), 48_000, container, in_fragments=container != "adts"
    )


@pytest.mark.parametrize("container", FORMS)
def test_an_upload(client, container):
    assert post(client, audio=tone_as(container)).json()["duration_s"] == pytest.approx(1.5, abs=0.1)


@pytest.mark.parametrize("container", FORMS)
def test_pieces_of_a_stream(client, container):
    with client.websocket_connect("/v1/stream") as socket:
        socket.send_text(json.dumps({"text": "hello", "format": "file"}))
        for piece in pieces(tone_as(container)):
            socket.send_bytes(piece)
        socket.send_text('{"end": true}')
        answer = json.loads(socket.receive_text())
    assert answer["assessment"]["duration_s"] == pytest.approx(1.5, abs=0.1)


@pytest.mark.parametrize("media_type", ["audio/webm; codecs=opus", "audio/mp4"])
def test_a_request_as_to_azure(client, media_type):
    options = base64.b64encode(json.dumps({"ReferenceText": "hello"}).encode()).decode()
    response = client.post(
        CONVERSATION,
        params={"language": "en-US"},
        headers={"Pronunciation-Assessment": options, "Content-Type": media_type},
        content=tone_as("webm" if "webm" in media_type else "mp4"),
    )
    assert response.json()["RecognitionStatus"] == "Success"


@pytest.mark.parametrize("container", FORMS)
def test_a_turn_of_azures_websocket(client, container):
    with connected(client) as azure:
        azure.send_context()
        for piece in [*pieces(tone_as(container)), b""]:
            azure.send_audio(piece)
        (phrase,) = azure.phrases()
    assert phrase["RecognitionStatus"] == "Success"


def test_a_recording_that_is_too_long_is_refused(client):
    assert post(client, audio=tone_as("webm", 61)).status_code == 413


def test_a_recording_that_is_damaged_is_refused(client):
    assert post(client, audio=tone_as("mp4")[:300]).status_code == 415
