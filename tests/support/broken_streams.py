"""Malformed and hostile messages of websockets."""

from __future__ import annotations

import json
import random

from support.azure_client import ASKED
from support.speech_streams import FORMAT, spoken

from enunciate.serve.listening.pcm import PcmFormat

Message = str | bytes
AUDIO = b"Path:audio\r\nX-RequestId:a\r\n"


def azure_turn() -> list[Message]:
    """The messages of a turn of Azure's SDKs."""
    context = {"phraseDetection": {"language": "en-US", "enrichment": {"pronunciationAssessment": ASKED}}}
    return [
        "Path:speech.context\r\nX-RequestId:a\r\n\r\n" + json.dumps(context),
        _audio(FORMAT.wav(spoken())),
        _audio(b""),
    ]


def stream() -> list[Message]:
    """The messages of a recording to `/v1/stream`."""
    return [json.dumps({"text": "hello", "format": "file"}), FORMAT.wav(spoken()), '{"end": true}']


def broken_streams(whole: list[Message], count: int, seed: int = 1) -> list[list[Message]]:
    """Streams in which a message is cut, missing, repeated, or has some of its characters replaced."""
    chance = random.Random(seed)
    return [[part for message in whole for part in _broken(message, chance)] for _ in range(count)]


def broken_headers() -> list[list[Message]]:
    """Turns whose WAV says what cannot be."""
    wav = PcmFormat(192_000, 8).wav(b"\0" * 100)
    crowded = (
        wav[:22] + (30_000).to_bytes(2, "little") + wav[24:32] + (60_000).to_bytes(2, "little") + wav[34:]
    )
    cases = (
        b"RIFF",
        wav,
        crowded,
        wav[:40] + b"\xff" * 4,
        b"RIFF\xff\xff\xff\xffWAVE" + b"LIST\xff\xff\xff\xff",
        b"\0",
    )
    return [[azure_turn()[0], _audio(case), _audio(b"")] for case in cases]


def _audio(data: bytes) -> bytes:
    return len(AUDIO).to_bytes(2, "big") + AUDIO + data


def _broken(message: Message, chance: random.Random) -> list[Message]:
    start = chance.randrange(min(len(message), 200))
    text = chance.choice((" ", "\0", "9", '"', "[" * 2000, "\r\n\r\n", "é", "-1e999"))
    replaced = (
        message[:start] + text + message[start + 1 :]
        if isinstance(message, str)
        else message[:start] + text.encode() + message[start + 1 :]
    )
    return chance.choice(([message], [message], [], [message, message], [message[:start]], [replaced]))
