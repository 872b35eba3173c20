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


def handshake(path: str, *lines: bytes, key: bytes = b"dGhlIHNhbXBsZSBub25jZQ==") -> bytes:
    """The request of a websocket; `lines` are further headers."""
    head = (
        b"GET %b HTTP/1.1" % path.encode("latin-1"),
        b"Host: a",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Key: " + key,
        b"Sec-WebSocket-Version: 13",
        *lines,
    )
    return b"\r\n".join(head) + b"\r\n\r\n"


def broken_handshakes(path: str) -> list[bytes]:
    """Requests of a websocket whose address or headers are odd, wrong or too long."""
    good = handshake(path)
    lines = (
        *(
            b"Origin: " + value
            for value in (b"null", b"http://[", b"http://a:b:c", b"\xff", b"h" * 10_000, b"")
        ),
        *(
            b"Ocp-Apim-Subscription-Key: " + value
            for value in (b"\xc3\xa9", b"\xff", b"k" * 10_000, b"a\r\nOcp-Apim-Subscription-Key: b")
        ),
        *(
            b"Authorization: " + value
            for value in (b"", b"Bearer", b"Bearer \xff", b"Basic ====", b"\t" * 100)
        ),
        *(
            b"Sec-WebSocket-Extensions: " + value
            for value in (b"permessage-deflate; server_max_window_bits=99", b";;;", b'a; b="', b"x," * 1000)
        ),
        *(b"Sec-WebSocket-Protocol: " + value for value in (b"USP", b",,,", b"\xff", b"a" * 10_000)),
        b"X-ConnectionId: " + b"f" * 30_000,
        b"Content-Length: 5",
        b"Transfer-Encoding: chunked",
        b"Sec-WebSocket-Version: 99",
    )
    queries = (
        "?%ff%00=%",
        "?" + "a=b&" * 5_000,
        "?Ocp-Apim-Subscription-Key=%ff",
        "?language=%0d%0aX:y",
        "?\xff",
    )
    return [
        *(handshake(path, line) for line in lines),
        *(handshake(path + query) for query in queries),
        *(handshake(path, key=key) for key in (b"", b"short", b"\xff" * 16, b"A" * 5_000)),
        *(good.replace(b": 13", b": " + version) for version in (b"", b"12", b"-1", b"x" * 1000)),
        good.replace(b"Connection: Upgrade\r\n", b""),
        good.replace(b"GET ", b"POST "),
        good.replace(b"HTTP/1.1", b"HTTP/1.0"),
    ]


def broken_frames(whole: list[Message], count: int, seed: int = 1) -> list[bytes]:
    """What may follow a handshake: frames that the protocol forbids, and good ones with bytes changed."""
    chance = random.Random(seed)
    good = b"".join(_frame(message) for message in whole)
    forbidden = (
        b"\x81\x05hello",  # not masked
        b"\xff" * 5_000,
        bytes(5_000),
        *(bytes([0x80 | opcode]) + b"\x80\0\0\0\0" for opcode in (0, 3, 7, 11, 15)),
        *(bytes([first]) + b"\x80\0\0\0\0" for first in (0xC1, 0xA1, 0x91, 0x08, 0x09)),  # reserved, in parts
        b"\x82\xff" + b"\xff" * 8 + bytes(4),  # of 2^64 bytes
        b"\x82\xff" + (2**31).to_bytes(8, "big") + bytes(4),
        b"\x89\xfe\x10\0" + bytes(4_100),  # a ping of 4,096 bytes
        b"\x81\x84\0\0\0\0\xff\xfe\xfd\xfc",  # not UTF-8
        b"\x88\x81\0\0\0\0\1",
        b"\x88\x82\0\0\0\0\0\1",
        b"\x89\x80\0\0\0\0" * 5_000,
        b"\x02\x81\0\0\0\0a" * 3,  # begins again before its end
        b"\x02\x80\0\0\0\0" + b"\0\x80\0\0\0\0" * 5_000,
    )
    changed: list[bytes] = []
    for _ in range(count):
        data = bytearray(good[: chance.randrange(len(good))])
        for _ in range(chance.choice((0, 1, 10))):
            if data:
                data[chance.randrange(min(len(data), 400))] = chance.randrange(256)
        changed.append(bytes(data))
    return [*forbidden, *changed]


def _frame(message: Message) -> bytes:
    """A message as a masked frame."""
    data = message.encode() if isinstance(message, str) else message
    opcode = b"\x81" if isinstance(message, str) else b"\x82"
    return opcode + b"\xff" + len(data).to_bytes(8, "big") + bytes(4) + data


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
