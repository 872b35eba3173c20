"""A local server of OpenAI's protocol that checks what it is asked, and answers as a test wants."""

from __future__ import annotations

import base64
import io
import json
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import soundfile as sf

from enunciate.schema import ASPECTS

KEY = "sk-not-a-real-key"
MODEL = "listener"
APA_TEXT = '{"accuracy": 8, "fluency": 7, "prosodic": 9, "total": 8}'
MDD_TEXT = '{"word_transcript": "good day", "phoneme_transcript": "G UH D D EY"}'
Reply = tuple[int, dict[str, str], dict]
"""Status, headers and body of an answer."""


class FakeServer:
    """Keeps the requests that it gets; `reply` makes the answer to each."""

    def __init__(self, reply: Callable[[dict], Reply]) -> None:
        self.reply = reply
        self.requests: list[dict] = []
        self.keys: list[str | None] = []
        self.problems: list[str] = []
        self.models: list[str] | None = [MODEL]
        self.url = ""
        self.closing = threading.Event()

    def answer(self, body: dict, key: str | None) -> Reply:
        self.requests.append(body)
        self.keys.append(key)
        try:
            check_request(body)
        except (AssertionError, KeyError, TypeError, ValueError) as error:
            self.problems.append(repr(error))
        return self.reply(body)

    def asked(self, task: str) -> list[dict]:
        """The requests for a task."""
        return [body for body in self.requests if task_of(body) == task]


def task_of(body: dict) -> str:
    """The task that a request asks for, by its instruction."""
    text = " ".join(part["text"] for part in body["messages"][0]["content"] if part["type"] == "text")
    return "apa" if "<|APA|>" in text or "accuracy" in text else "mdd"


def samples_of(body: dict):
    """The samples that a request has, and their rate."""
    (audio,) = [part for part in body["messages"][0]["content"] if part["type"] == "input_audio"]
    assert audio["input_audio"]["format"] == "wav"
    data = base64.b64decode(audio["input_audio"]["data"], validate=True)
    assert data[:4] == b"RIFF" and data[8:12] == b"WAVE"
    return sf.read(io.BytesIO(data), dtype="float32")


def check_request(body: dict) -> None:
    """Raise where a request is not one that a server of the protocol can answer as we want."""
    (message,) = body["messages"]
    assert message["role"] == "user"
    assert body["temperature"] == 0
    assert body["max_completion_tokens"] > 100
    _, rate = samples_of(body)
    assert rate == 16_000
    if "logprobs" in body:
        assert body["logprobs"] is True
        assert body["top_logprobs"] == (20 if task_of(body) == "apa" else 0)
    if "response_format" in body:
        form = body["response_format"]
        assert form["type"] == "json_schema" and form["json_schema"]["strict"] is True
        schema = form["json_schema"]["schema"]
        assert schema["additionalProperties"] is False
        assert list(schema["properties"]) == schema["required"]
        if task_of(body) == "apa":
            assert schema["required"] == list(ASPECTS)
            assert all(
                one == {"type": "integer", "enum": list(range(11))} for one in schema["properties"].values()
            )


def token(text: str, probability: float = 1.0, others: dict[str, float] | None = None) -> dict:
    """A token of an answer with the likely ones in its place, as the protocol has it."""
    ways = {text: probability} | (others or {})
    rows = [{"token": t, "bytes": list(t.encode()), "logprob": math.log(p)} for t, p in ways.items()]
    return rows[0] | {"top_logprobs": rows if others is not None else []}


def completion(text: str | None, tokens: list[dict] | None = None, **message) -> Reply:
    """The answer that a model gives."""
    choice = {
        "index": 0,
        "finish_reason": message.pop("finish_reason", "stop"),
        "message": {"role": "assistant", "content": text} | message,
        "logprobs": None if tokens is None else {"content": tokens, "refusal": None},
    }
    return (
        200,
        {},
        {"id": "1", "object": "chat.completion", "created": 1, "model": MODEL, "choices": [choice]},
    )


def failure(
    status: int, message: str, headers: dict[str, str] | None = None, param: str | None = None
) -> Reply:
    """The answer of a server that gives none."""
    return (
        status,
        headers or {},
        {"error": {"message": message, "type": "error", "param": param, "code": None}},
    )


def right(body: dict) -> Reply:
    """The answer of a model that does as it is asked, without log-probabilities."""
    return completion(APA_TEXT if task_of(body) == "apa" else MDD_TEXT)


@contextmanager
def serving(reply: Callable[[dict], Reply] = right) -> Iterator[FakeServer]:
    """Run a server; at the end, no request may have been wrong."""
    fake = FakeServer(reply)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            if fake.models is None:
                self._send(*failure(404, "not found"))
            elif fake.closing.is_set() or self.headers.get("Authorization") == "Bearer wrong":
                self._send(*failure(401, f"Incorrect API key provided: {self.headers['Authorization'][7:]}"))
            else:
                data = [{"id": n, "object": "model", "created": 1, "owned_by": "us"} for n in fake.models]
                self._send(200, {}, {"object": "list", "data": data})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._send(*fake.answer(body, self.headers.get("Authorization")))

        def _send(self, status: int, headers: dict[str, str], body: dict) -> None:
            data = json.dumps(body).encode()
            try:
                self.send_response(status)
                for name, value in ({"Content-Type": "application/json"} | headers).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            except OSError:
                pass  # the client has given up waiting

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    fake.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        fake.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
    assert fake.problems == []
