"""A client that speaks the protocol of Azure's Speech SDKs by hand, to an application in this process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.testclient import TestClient, WebSocketTestSession
from support.speech_streams import FORMAT, pieces

from enunciate.serve.azure.websocket.frames import parse_text

INTERACTIVE = "/speech/recognition/interactive/cognitiveservices/v1"
CONVERSATION = "/speech/recognition/conversation/cognitiveservices/v1"
UNIVERSAL = "/stt/speech/universal/v2"
ASKED = {
    "referenceText": "hello",
    "gradingSystem": "HundredMark",
    "granularity": "Phoneme",
    "dimension": "Comprehensive",
    "enableMiscue": True,
}


class AzureClient:
    """One connection; `request_id` is that of the current turn."""

    def __init__(self, session: WebSocketTestSession) -> None:
        self.session = session
        self.request_id = "turn1"

    def send_context(self, **asked) -> None:
        enrichment = {"pronunciationAssessment": ASKED | asked}
        self.send_text("speech.context", {"phraseDetection": {"enrichment": enrichment}})

    def send_text(self, path: str, body: object) -> None:
        self.session.send_text(
            f"Path:{path}\r\nX-RequestId:{self.request_id}\r\nContent-Type:application/json\r\n\r\n"
            + json.dumps(body)
        )

    def send_audio(self, data: bytes) -> None:
        headers = f"Path:audio\r\nX-RequestId:{self.request_id}\r\n".encode()
        self.session.send_bytes(len(headers).to_bytes(2, "big") + headers + data)

    def send_clip(self, pcm: bytes, *, end: bool = True) -> None:
        """Send a header, samples in pieces and, unless the audio goes on, its end."""
        for piece in [FORMAT.wav(b""), *pieces(pcm), *([b""] if end else [])]:
            self.send_audio(piece)

    def receive(self) -> tuple[str, dict]:
        """The path and the body of the next message, which belongs to the turn."""
        message = parse_text(self.session.receive_text())
        assert message.request_id == self.request_id
        return message.path, json.loads(message.body)

    def receive_turn(self) -> list[tuple[str, dict]]:
        """All messages of the turn."""
        messages = [self.receive()]
        while messages[-1][0] != "turn.end":
            messages.append(self.receive())
        return messages

    def phrases(self) -> list[dict]:
        """The phrases of the turn, without the one that says that there are no more."""
        phrases = [body for path, body in self.receive_turn() if path == "speech.phrase"]
        return [phrase for phrase in phrases if phrase["RecognitionStatus"] != "EndOfDictation"]


@contextmanager
def connected(client: TestClient, path: str = INTERACTIVE, **headers) -> Iterator[AzureClient]:
    with client.websocket_connect(path, headers=headers) as session:
        azure = AzureClient(session)
        azure.send_text("speech.config", {"context": {"system": {"name": "SpeechSDK"}}})
        yield azure
