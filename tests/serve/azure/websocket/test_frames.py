"""Messages as both SDKs write them are read, and broken ones are named."""

from __future__ import annotations

import json

import pytest

from enunciate.serve.azure.websocket.frames import ClientMessage, FrameError, encode, parse_binary, parse_text

NATIVE = b"Path:audio\r\nX-RequestId:a1\r\nX-StreamId:1\r\nContent-Type:audio/x-wav\r\n"


def binary(headers: bytes, body: bytes) -> bytes:
    return len(headers).to_bytes(2, "big") + headers + body


def test_a_text_message_of_either_sdk_is_read():
    native = parse_text('Path:speech.context\r\nX-RequestId:a1\r\n\r\n{"a": 1}')
    javascript = parse_text('Path: speech.context\r\nx-requestid: a1\r\nContent-Type: \r\n\r\n{"a": 1}')
    assert native == javascript == ClientMessage("speech.context", "a1", "", b'{"a": 1}')


def test_a_binary_message_is_read():
    assert parse_binary(binary(NATIVE, b"RIFF")) == ClientMessage("audio", "a1", "audio/x-wav", b"RIFF")
    assert parse_binary(binary(NATIVE, b"")).body == b""


@pytest.mark.parametrize("text", ["", "Path:audio", "Path:\r\n\r\n{}", "{}\r\n\r\n"])
def test_a_text_message_without_a_path_is_refused(text):
    with pytest.raises(FrameError):
        parse_text(text)


@pytest.mark.parametrize("data", [b"", b"\0", b"\0\1", b"\xff\xffPath:audio", binary(b"Path:\xff", b"")])
def test_a_broken_binary_message_is_refused(data):
    with pytest.raises(FrameError):
        parse_binary(data)


def test_a_message_of_the_server_can_be_read_back():
    body = {"Text": "ə"}
    for given in (body, json.dumps(body, ensure_ascii=False).encode()):
        message = parse_text(encode("speech.phrase", "a1", given))
        assert (message.path, message.request_id) == ("speech.phrase", "a1")
        assert json.loads(message.body) == body
