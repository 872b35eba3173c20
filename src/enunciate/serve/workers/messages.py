"""The messages that the service and its workers exchange through pipes.

A message is a list of byte strings: their number, then each one preceded by its length, all as four-byte
big-endian integers. A worker begins with a `WorkerHello`. The service then sends a `ClipJob` and the audio
for each clip; the worker replies, in the same order, with a `ClipOutcome` and a body (the answer as JSON,
ready to be sent to the client, or samples where those are asked for).
"""

from __future__ import annotations

import struct
from asyncio import IncompleteReadError, StreamReader
from collections.abc import Sequence
from typing import BinaryIO

from enunciate.schema import Accent, FrozenModel, ReferenceWord
from enunciate.serve.azure.options import AzureOptions

INTERNAL = "internal"
"""The error code of a bug in the engine or the service."""
_LENGTH = struct.Struct(">I")


class WorkerHello(FrozenModel):
    """The first message of a worker: the engine is loaded, or `error` says why it cannot be."""

    model: str = ""
    """Name and version of the engine and its weights."""
    batch_size: int = 1
    """Number of clips that the engine prefers to be given at once."""
    error: str | None = None


class ClipJob(FrozenModel):
    """One clip to assess; its audio is sent beside it."""

    id: str
    text: str | None = None
    words: tuple[ReferenceWord, ...] | None = None
    accent: Accent | None = None
    lexicon: dict[str, tuple[tuple[str, ...], ...]] | None = None
    ipa: bool = False
    """If set, phones are IPA symbols; not in Azure's form, which has an option of its own."""
    azure: AzureOptions | None = None
    """If set, the answer takes Azure's form."""
    by_lines: bool = False
    """If set, the answer is several JSON objects, one on each line: the phrases and, in our own form, the
    whole. In Azure's form, they are bodies of `speech.phrase`."""
    by_phrase: bool = True
    """Whether an engine that can do so gives a result for each phrase of a reading; only with `by_lines`."""
    can_wait: bool = False
    """Whether clips that cannot wait may go before this one in the queue."""
    samples_from_s: float | None = None
    """If set, nothing is assessed: the body has the samples from this time on, as 16-bit PCM of 16 kHz."""
    start_s: float = 0.0
    """The time in the stream at which the clip begins, in seconds; only with `by_lines`."""


class ClipOutcome(FrozenModel):
    """Whether a clip was assessed; on an error, the body beside it is empty."""

    error: str | None = None
    """The code of an `EnunciateError`, or `INTERNAL`."""
    message: str = ""
    duration_s: float = 0.0
    """Length of the clip, as far as it is known."""
    n_unsaid: int = 0
    """Words at the end of the reference text that were not said."""
    speech_end_s: float = 0.0
    """The time at which the last word that was said ended, from the start of the clip."""


def pack(parts: Sequence[bytes]) -> list[bytes]:
    """Return the pieces of a message, to be written one after another."""
    pieces = [_LENGTH.pack(len(parts))]
    for part in parts:
        pieces += (_LENGTH.pack(len(part)), part)
    return pieces


def read(stream: BinaryIO) -> list[bytes] | None:
    """Read the next message; None if the other side has closed the pipe."""
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
    """Read the next message without blocking; None if the other side has closed the pipe."""
    try:
        return [
            await stream.readexactly(await _receive_length(stream))
            for _ in range(await _receive_length(stream))
        ]
    except IncompleteReadError:
        return None


async def _receive_length(stream: StreamReader) -> int:
    return int(_LENGTH.unpack(await stream.readexactly(_LENGTH.size))[0])
