"""A recording that is streamed gets the answer of one that is uploaded, or a problem."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import soundfile as sf
from recorded_media import recorded
from starlette.testclient import WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect
from support.documentation import blocks
from support.paths import REPOSITORY
from support.serve_cases import TEXT, application, post, server, tone
from support.speech_streams import FORMAT, pieces, silence, sound, spoken
from websockets.sync.client import connect

from enunciate.audio import decoded_duration_s

END = '{"end": true}'
KEYS = frozenset({hashlib.sha256(b"right").hexdigest()})
NODE_MODULES = REPOSITORY / "tests" / "node" / "node_modules"


@pytest.fixture(scope="module")
def client():
    with application() as running:
        yield running


@pytest.fixture(scope="module")
def pocket():
    with server(model="pocket") as running:
        yield running


def assess(socket, audio: bytes, end: bool = True, **start) -> dict:
    """Stream a recording, and return the first answer."""
    socket.send_text(json.dumps({"text": "hello"} | start))
    for piece in pieces(audio):
        socket.send_bytes(piece)
    if end:
        socket.send_text(END)
    return json.loads(socket.receive_text())


def test_recordings_follow_one_another(client):
    with client.websocket_connect("/v1/stream") as socket:
        for number in range(3):
            answer = assess(socket, sound(1.0), id=f"a{number}")
            assert answer["assessment"]["id"] == f"a{number}"


def test_a_file_may_be_compressed(client):
    with client.websocket_connect("/v1/stream") as socket:
        answer = assess(socket, tone(1.5, form="OGG"), format="file")
    assert answer["assessment"]["duration_s"] == pytest.approx(1.5, abs=0.01)


def test_a_silence_ends_a_recording_where_that_is_asked_for(client):
    with client.websocket_connect("/v1/stream") as socket:
        answer = assess(socket, sound(1.0) + silence(1.0), end=False, end_silence_s=0.5)
        assert 1.5 <= answer["assessment"]["duration_s"] < 1.8
        assert "assessment" in assess(socket, sound(1.0))  # what came after the end is ignored


def test_a_phrase_is_told_at_the_pause_after_it_and_once(pocket):
    text = f"{TEXT} {TEXT} {TEXT}"
    port = pocket.client.base_url.port
    words: list[str] = []
    with connect(f"ws://127.0.0.1:{port}/v1/stream") as socket:
        socket.send(json.dumps({"text": text}))
        for index in range(2):
            for piece in pieces(spoken() + silence(0.6, volume=3e-4)):
                socket.send(piece)
            phrase = json.loads(socket.recv())["phrase"]  # while the recording goes on
            assert phrase["index"] == index
            words += [text[word["text_start"] : word["text_end"]] for word in phrase["words"]]
        for piece in pieces(spoken()):
            socket.send(piece)
        socket.send(END)
        while "phrase" in (answer := json.loads(socket.recv())):
            words += [word["text"] for word in answer["phrase"]["words"]]
    assert words == [word["text"] for word in answer["assessment"]["words"]]
    assert answer["assessment"]["text"] == text


def samples_of(pcm: bytes) -> np.ndarray:
    return np.frombuffer(pcm, "<i2").astype(np.float32) / 32_768


def cut_at(recording: bytes, at_s: float) -> int:
    """How many bytes of a recording have so many seconds of it."""
    for n_bytes in range(4_000, len(recording), 500):
        if decoded_duration_s(recording[:n_bytes], 60) >= at_s:
            return n_bytes
    raise AssertionError("the recording is shorter")


@pytest.mark.parametrize("container", ["webm", "mp4", "ogg"])
def test_a_phrase_of_a_compressed_recording_is_told_at_the_pause_after_it_and_once(pocket, container):
    pytest.importorskip("av")
    text = f"{TEXT} {TEXT}"
    first = spoken() + silence(1.2, volume=3e-4)
    samples = samples_of(first + spoken())
    if container == "ogg":
        file = io.BytesIO()
        sf.write(file, samples, FORMAT.rate_hz, format="OGG", subtype="OPUS")
        recording = file.getvalue()
    else:
        recording = recorded(samples, FORMAT.rate_hz, container, in_fragments=True)
    begun = cut_at(recording, len(first) / FORMAT.bytes_per_s - 0.1)
    with connect(f"ws://127.0.0.1:{pocket.client.base_url.port}/v1/stream") as socket:
        socket.send(json.dumps({"text": text, "format": "file"}))
        for piece in pieces(recording[:begun], 500):
            socket.send(piece)
        early = json.loads(socket.recv())["phrase"]  # while the recording goes on
        assert [word["text"] for word in early["words"]] == TEXT.rstrip(".").split()
        socket.send(recording[begun:])
        socket.send(END)
        late, answer = (json.loads(socket.recv()) for _ in range(2))
    assert late["phrase"]["index"] == 1
    words = [*early["words"], *late["phrase"]["words"]]
    assert [word["text"] for word in words] == [word["text"] for word in answer["assessment"]["words"]]


def test_a_silence_ends_a_compressed_recording_where_that_is_asked_for(pocket):
    pytest.importorskip("av")
    samples = samples_of(spoken() + silence(1.5, volume=3e-4))
    recording = recorded(samples, FORMAT.rate_hz, "webm", in_fragments=True)
    with connect(f"ws://127.0.0.1:{pocket.client.base_url.port}/v1/stream") as socket:
        socket.send(json.dumps({"format": "file", "end_silence_s": 0.5}))
        socket.send(recording)
        while True:  # a client goes on to send what it records
            socket.send(b"")
            with contextlib.suppress(TimeoutError):
                assert json.loads(socket.recv(timeout=0.2)).keys() == {"phrase"}
                break
        assert "assessment" in json.loads(socket.recv())


def test_a_pause_within_a_sentence_ends_no_phrase(pocket):
    half = len(spoken()) // 64_000 * 32_000
    with connect(f"ws://127.0.0.1:{pocket.client.base_url.port}/v1/stream") as socket:
        socket.send(json.dumps({"text": TEXT}))
        for piece in pieces(spoken()[:half] + silence(0.6, volume=3e-4) + spoken()[half:]):
            socket.send(piece)
        socket.send(END)
        (phrase, answer) = (json.loads(socket.recv()) for _ in range(2))
    assert [word["text"] for word in phrase["phrase"]["words"]] == TEXT.rstrip(".").split()
    assert len(answer["assessment"]["words"]) == 7


def test_an_error_names_the_fields_and_shows_a_right_request(client):
    with client.websocket_connect("/v1/stream") as socket:
        detail = assess(socket, sound(1.0), rate_hz=5, colour="red")["problem"]["detail"]
        assert "rate_hz: Input should be" in detail
        assert "colour: Extra inputs are not permitted" in detail
        right, *_ = detail.split(". A right request: ")[1].split(" as text, then the samples")
        assert "assessment" in assess(socket, sound(1.0), **json.loads(right))


def test_text_in_the_middle_of_a_recording_is_told_the_right_order(client):
    with client.websocket_connect("/v1/stream") as socket:
        socket.send_json({})
        socket.send_json({"text": "so"})
        assert 'then {"end": true}' in socket.receive_json()["problem"]["detail"]


@pytest.mark.parametrize(
    ("start", "code"),
    [
        ({"text": "你好"}, "text_not_english"),
        ({"rate_hz": 5}, "malformed"),
        ({"colour": "red"}, "malformed"),
        ({"text": "bug"}, "internal"),
    ],
)
def test_what_is_wrong_is_a_problem_and_the_next_recording_is_not(client, start, code):
    with client.websocket_connect("/v1/stream") as socket:
        problem = assess(socket, sound(1.0), **start)["problem"]
        assert problem["type"] == f"urn:enunciate:problem:{code}"
        assert "assessment" in assess(socket, sound(1.0))


def test_a_message_that_is_no_json_is_a_problem(client):
    with client.websocket_connect("/v1/stream") as socket:
        for text in ("{", "[" * 100_000, '"a"'):
            socket.send_text(text)
            assert json.loads(socket.receive_text())["problem"]["status"] == 422


def test_too_many_bytes_are_a_problem():
    with (
        application(max_bytes=50_000) as limited,
        limited.websocket_connect("/v1/stream") as socket,
    ):
        assert assess(socket, sound(2.0))["problem"]["status"] == 413
        assert limited.app.state.service.admission._n_bytes == 0


def test_a_key_is_sent_in_a_header_or_in_the_first_message():
    with application(key_hashes=KEYS) as guarded:
        with guarded.websocket_connect("/v1/stream", headers={"X-API-Key": "right"}) as socket:
            assert "assessment" in assess(socket, sound(1.0))
        with guarded.websocket_connect("/v1/stream") as socket:
            assert "assessment" in assess(socket, sound(1.0), key="right")
            assert "assessment" in assess(socket, sound(1.0))
        for start in ({}, {"key": "wrong"}):
            with guarded.websocket_connect("/v1/stream") as socket:
                assert assess(socket, b"", **start)["problem"]["status"] == 401
                with pytest.raises(WebSocketDisconnect):
                    socket.receive_text()
        with (
            pytest.raises(WebSocketDenialResponse) as denial,
            guarded.websocket_connect("/v1/stream", headers={"X-API-Key": "wrong"}),
        ):
            pass
    assert denial.value.status_code == 401


def run(command: list[str], folder, script: str, name: str) -> list[str]:
    (folder / "clip.wav").write_bytes(FORMAT.wav(spoken()))
    (folder / name).write_text(script)
    done = subprocess.run(
        [*command, name], cwd=folder, env=dict(os.environ), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def uploaded(pocket) -> float:
    return post(pocket.client, TEXT, FORMAT.wav(spoken())).json()["total"]["value"]


def test_the_python_client_of_the_documentation_gets_the_scores_of_an_upload(pocket, tmp_path):
    (script,) = (block for block in blocks("service.md", "python") if "/v1/stream" in block)
    lines = run([sys.executable], tmp_path, at_port(script, pocket), "client.py")
    assert lines[-1] == f"total {uploaded(pocket)}"
    assert lines[0].startswith("phrase ")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
@pytest.mark.skipif(not (NODE_MODULES / "ws").is_dir(), reason="not installed: npm ci --prefix tests/node")
def test_the_javascript_client_of_the_documentation_gets_the_scores_of_an_upload(pocket, tmp_path):
    (script,) = blocks("service.md", "javascript")
    (tmp_path / "node_modules").symlink_to(NODE_MODULES)
    script = (
        'if (!globalThis.WebSocket) globalThis.WebSocket = require("ws");\n'
        + at_port(script, pocket)
        + 'const pcm = require("fs").readFileSync("clip.wav").subarray(44);\n'
        + f"assess([pcm.subarray(0, 9000), pcm.subarray(9000)], {json.dumps(TEXT)})"
        + '.then((result) => console.log("total", result.total.value));\n'
    )
    assert run(["node"], tmp_path, script, "client.cjs")[-1] == f"total {uploaded(pocket)}"


def at_port(script: str, pocket) -> str:
    return script.replace(":8000", f":{pocket.client.base_url.port}")
