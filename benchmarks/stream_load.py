"""A load test of the websockets: clients that send what they record while they record it.

    OPENBLAS_NUM_THREADS=1 python benchmarks/stream_load.py [--answers 2000] [--clients 16] [--sentences 1]

Starts `enunciate serve` as a process on the loopback interface. Each client reads a text of its own, which
flite speaks (`apt-get install flite`), at the pace of a microphone: 0.1 s of audio every 0.1 s. An answer
is late by the time from the end of speech to its arrival; a phrase that is told in the middle of a reading,
by the time from the end of its sentence. `wrong` counts answers that are not the engine's to the same clip
in this process, byte for byte, or whose phrases do not have each word of the text once, in order.

The variable makes this process compute to the last digit as the workers do. With `--format webm` or `mp4`,
the clients send what a browser would record (Opus at 128 kbit/s, MP4 in fragments of half a second). With
`--protocol azure`, each reading is one turn of Azure's protocol (`recognizeOnce`), whose end the service
detects by the silence after it; `wrong` compares the words.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import random
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
from recorded_media import pieces_by_time, recorded
from serve_load import RATE_HZ, TEXTS, VOICES, times_ms
from serve_process import cpu_s, ready, rss_mb, service
from websockets.asyncio.client import ClientConnection, connect

from enunciate import Utterance, load_assessor
from enunciate.serve.listening.pcm import PcmFormat

PIECE_S = 0.1
PAUSE_S = 0.5
"""The silence between two sentences of a reading."""
SILENCE_S = 8.0
"""The silence after a reading that Azure's clients go on sending until they have their answer."""
BREAK_S = 1.0
"""A client waits up to this long before its next reading, so that the clients are not in step."""
FORMAT = PcmFormat(RATE_HZ)
AZURE_PATH = "/speech/recognition/interactive/cognitiveservices/v1"
ID = "00000000"
BIT_RATE = 128_000
"""What Chromium's MediaRecorder chooses by itself."""


@dataclass(frozen=True)
class Reading:
    """A recording that ends with its last word, and what its answer is to be."""

    text: str
    pieces: list[tuple[bytes, float]]
    """Samples, or a file, in pieces; each with the time at which a microphone or a recorder has it."""
    ends_s: tuple[float, ...]
    """Where each sentence ends."""
    answer: str


@dataclass
class Results:
    """What all clients got."""

    late_s: list[float] = field(default_factory=list)
    phrase_late_s: list[float] = field(default_factory=list)
    """How late the phrases were that were told before the end of their reading."""
    n_early: int = 0
    n_phrases: int = 0
    wrong: int = 0
    failed: list[str] = field(default_factory=list)


def said(text: str, voice: str, folder: Path) -> np.ndarray:
    """Return a sentence without the silence around it."""
    wav = folder / "said.wav"
    subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(wav)], check=True)
    samples, rate_hz = sf.read(wav, dtype="float32")
    assert rate_hz == RATE_HZ
    loud = np.flatnonzero(np.abs(samples) > 0.01)
    return samples[loud[0] : loud[-1] + 1]


def make_readings(n_sentences: int, form: str) -> list[Reading]:
    """Return a reading for each text and voice, with the engine's answer."""
    engine = load_assessor("pocket", threads=1)
    pause = np.zeros(round(PAUSE_S * RATE_HZ), np.float32)
    readings: list[Reading] = []
    with tempfile.TemporaryDirectory() as folder:
        for first, voice in itertools.product(range(len(TEXTS)), VOICES):
            sentences = [TEXTS[(first + number) % len(TEXTS)] for number in range(n_sentences)]
            parts = [said(sentence, voice, Path(folder)) for sentence in sentences]
            whole = np.concatenate([piece for part in parts for piece in (part, pause)][:-1])
            whole = whole + np.random.default_rng(0).normal(scale=3e-4, size=len(whole))
            ends = np.cumsum([len(part) + len(pause) for part in parts]) - len(pause)
            if form == "pcm":
                pcm = (whole * 32767).astype("<i2").tobytes()
                file, pieces = FORMAT.wav(pcm), pieces_of(pcm)
            else:
                file = recorded(whole, RATE_HZ, form, in_fragments=True, codec="libopus", bit_rate=BIT_RATE)
                pieces = pieces_by_time(file, PIECE_S)
            text = " ".join(sentences)
            (answer,) = engine.assess([Utterance(id=ID, audio=file, text=text)])
            readings.append(Reading(text, pieces, tuple((ends / RATE_HZ).tolist()), answer.model_dump_json()))
    assert len({reading.answer for reading in readings}) == len(readings)
    return readings


def pieces_of(pcm: bytes) -> list[tuple[bytes, float]]:
    size = round(PIECE_S * FORMAT.bytes_per_s)
    pieces = [pcm[start : start + size] for start in range(0, len(pcm), size)]
    ends = itertools.accumulate(len(piece) / FORMAT.bytes_per_s for piece in pieces)
    return list(zip(pieces, ends, strict=True))


async def send_at_pace(
    socket: ClientConnection, pieces: Sequence[tuple[bytes, float]], head: bytes = b""
) -> None:
    """Send each piece when it is there."""
    began = time.perf_counter()
    for piece, at_s in pieces:
        await asyncio.sleep(began + at_s - time.perf_counter())
        await socket.send(head + piece)


async def read_stream(
    socket: ClientConnection, number: int, reading: Reading, form: str, results: Results
) -> None:
    """Stream one reading by the service's own protocol."""
    began, ended_s = time.perf_counter(), reading.ends_s[-1]
    format = "pcm" if form == "pcm" else "file"
    await socket.send(json.dumps({"text": reading.text, "id": f"{number:08}", "format": format}))
    sending = asyncio.create_task(send_at_pace(socket, reading.pieces))
    sending.add_done_callback(lambda _: asyncio.ensure_future(socket.send('{"end": true}')))
    words: list[str] = []
    async for message in socket:
        at_s = time.perf_counter() - began
        value = json.loads(message)
        if "phrase" not in value:
            break
        results.n_phrases += 1
        words += [word["text"] for word in value["phrase"]["words"]]
        end_s = min(reading.ends_s, key=lambda end: abs(end - value["phrase"]["end_s"]))
        results.n_early += at_s < ended_s
        if (
            at_s < ended_s and abs(end_s - value["phrase"]["end_s"]) < PAUSE_S / 2
        ):  # not one within a sentence
            results.phrase_late_s.append(at_s - end_s)
    await sending
    results.late_s.append(at_s - ended_s)
    expected = reading.answer.replace(ID, f"{number:08}", 1)
    in_order = words == [word["text"] for word in json.loads(reading.answer)["words"]]
    results.wrong += message != f'{{"assessment":{expected}}}' or not in_order


async def read_azure(
    socket: ClientConnection, number: int, reading: Reading, _: str, results: Results
) -> None:
    """Stream one reading as one turn of Azure's protocol."""
    began, headers = time.perf_counter(), f"X-RequestId:{number:032}\r\nContent-Type:application/json\r\n\r\n"
    asked = {"referenceText": reading.text, "gradingSystem": "HundredMark", "granularity": "Word"}
    context = {"phraseDetection": {"enrichment": {"pronunciationAssessment": asked}}}
    await socket.send("Path:speech.context\r\n" + headers + json.dumps(context))
    head = f"Path:audio\r\nX-RequestId:{number:032}\r\n".encode()
    head = len(head).to_bytes(2, "big") + head
    await socket.send(head + FORMAT.wav(b""))
    silence = bytes(round(SILENCE_S * FORMAT.bytes_per_s))
    whole = pieces_of(b"".join(piece for piece, _ in reading.pieces) + silence)
    sending = asyncio.create_task(send_at_pace(socket, whole, head))
    async for message in socket:
        _, _, body = str(message).partition("\r\n\r\n")
        if "Path:speech.phrase" in str(message):
            results.late_s.append(time.perf_counter() - began - reading.ends_s[-1])
            results.wrong += json.loads(body).get("DisplayText") != reading.text
        if "Path:turn.end" in str(message):
            break
    sending.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await sending


async def one_client(
    port: int, arguments: argparse.Namespace, readings: Sequence[Reading], numbers: Iterator[int], me: int
) -> Results:
    """Read one text after another, on one connection."""
    results, chance = Results(), random.Random(me)
    azure = arguments.protocol == "azure"
    read, path = (read_azure, AZURE_PATH) if azure else (read_stream, "/v1/stream")
    async with connect(f"ws://127.0.0.1:{port}{path}", max_size=None) as socket:
        for number in numbers:
            if number >= arguments.answers:
                break
            await asyncio.sleep(chance.uniform(0, BREAK_S))
            reading = readings[(me + number // arguments.clients * arguments.clients) % len(readings)]
            try:
                async with asyncio.timeout(120):
                    await read(socket, number, reading, arguments.format, results)
            except Exception as error:
                results.failed.append(f"{type(error).__name__}: {error}")
                break
    return results


async def measure(server: int, port: int, arguments: argparse.Namespace) -> dict[str, Any]:
    readings = make_readings(arguments.sentences, arguments.format)
    numbers = itertools.count()
    began, cpu_before, rss_before = time.perf_counter(), cpu_s(server), rss_mb(server)
    clients = (one_client(port, arguments, readings, numbers, me) for me in range(arguments.clients))
    each = await asyncio.gather(*clients)
    spent = zip(cpu_s(server).items(), cpu_before.values(), strict=True)
    late_s = [late for results in each for late in results.late_s]
    return {
        "answers": len(late_s),
        "wrong": sum(results.wrong for results in each),
        "failed": [failure for results in each for failure in results.failed],
        "duration_s": round(time.perf_counter() - began, 1),
        "late_ms": times_ms(late_s),
        "phrases": sum(results.n_phrases for results in each),
        "phrases_while_reading": sum(results.n_early for results in each),
        "phrase_late_ms": times_ms([late for results in each for late in results.phrase_late_s]),
        "cpu_ms": {who: round(1000 * (after - before) / len(late_s), 1) for (who, after), before in spent},
        "rss_mb": [rss_before, rss_mb(server)],
    }


def main() -> None:
    """Run the load test, and print JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--answers", type=int, default=2000)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--sentences", type=int, default=1)
    parser.add_argument("--protocol", choices=("stream", "azure"), default="stream")
    parser.add_argument("--format", choices=("pcm", "webm", "mp4"), default="pcm")
    parser.add_argument("--serve", default="", help="further options of `enunciate serve`, as one argument")
    arguments = parser.parse_args()
    if arguments.protocol == "azure" and arguments.format != "pcm":
        parser.error("Azure's clients send PCM")
    load_before = os.getloadavg()
    with service(arguments.serve.split()) as (server, port):
        results = asyncio.run(measure(server, port, arguments))
        is_ready = ready(port)
    machine = {"cores": os.cpu_count(), "load_before": load_before, "ready": is_ready}
    print(json.dumps(machine | results))


if __name__ == "__main__":
    main()
