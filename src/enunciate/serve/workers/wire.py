"""What the service and its workers tell each other, through pipes.

A message is a list of byte strings: their number, then each with its length before it, as four bytes,
big-endian. The service sends a `Job` and its audio for each clip; a worker first says who it is (`Hello`),
and then answers with an `Outcome` and a body (the answer as JSON, ready to be sent) for each clip, in order.
"""

from __future__ import annotations

import struct
from asyncio import IncompleteReadError, StreamReader
from collections.abc import Sequence
from typing import BinaryIO

from enunciate.schema import FrozenModel, ReferenceWord
from enunciate.serve.azure.answer import Options

_LENGTH = struct.Struct(">I")


class Hello(FrozenModel):
    """The first message of a worker: the engine is loaded, or `error` says why it cannot be."""

    model: str = ""
    """Name and version of the engine and its weights."""
    together: int = 1
    """How many clips it is best given at once."""
    error: str | None = None


class Job(FrozenModel):
    """One clip to assess; its audio is sent beside it."""

    id: str
    text: str | None = None
    words: tuple[ReferenceWord, ...] | None = None
    azure: Options | None = None
    """Where the answer is to be in the form of Azure's."""


class Outcome(FrozenModel):
    """How it went; the body that comes with it is empty where there is an error."""

    error: str | None = None
    """The code of an `EnunciateError`, or 'internal' for a bug."""
    message: str = ""
    duration_s: float = 0.0
    """Of the clip, as far as is known."""


def pack(parts: Sequence[bytes]) -> list[bytes]:
    """The pieces of a message, to be written one after another."""
    pieces = [_LENGTH.pack(len(parts))]
    for part in parts:
        pieces += (_LENGTH.pack(len(part)), part)
    return pieces


def read(stream: BinaryIO) -> list[bytes] | None:
    """The next message; None where the other side has gone."""
    count = _read_length(stream)
    if count is None:
        return None
    parts: list[bytes] = []
    for _ in range(count):
        length = _read_length(stream)
        part = stream.read(length) if length is not None else b""
        if length is None or len(part) < length:
            return None
        parts.append(part)
    return parts


def _read_length(stream: BinaryIO) -> int | None:
    start = stream.read(_LENGTH.size)
    return int(_LENGTH.unpack(start)[0]) if len(start) == _LENGTH.size else None


async def receive(stream: StreamReader) -> list[bytes] | None:
    """As `read`, without blocking."""
    try:
        count = int(_LENGTH.unpack(await stream.readexactly(_LENGTH.size))[0])
        return [
            await stream.readexactly(int(_LENGTH.unpack(await stream.readexactly(_LENGTH.size))[0]))
            for _ in range(count)
        ]
    except IncompleteReadError:
        return None
