"""Open an audio file for decoding: with libsndfile, or with PyAV what phones and browsers record."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import soundfile as sf  # pyright: ignore[reportMissingTypeStubs]

from enunciate.errors import AudioDecodeError
from enunciate.media_container import HEAD_BYTES, OpenAudio, container_format, open_container

_BLOCK = 1 << 16


@contextmanager
def open_audio(source: Path | bytes, name: str) -> Generator[OpenAudio, None, None]:
    """Open a file, whose samples are decoded as they are taken.

    Args:
        source: A path, or the content of the file.
        name: What a message of an error calls it.

    Raises:
        AudioDecodeError: The data are not audio in a format that is read here.
        MissingExtraError: The format needs PyAV, which is not installed.
    """
    container = container_format(_head(source))
    opening = open_container(source, container, name) if container else _open_with_libsndfile(source, name)
    with opening as audio:
        yield audio


def _head(source: Path | bytes) -> bytes:
    if isinstance(source, bytes):
        return source[:HEAD_BYTES]
    try:
        if not source.is_file():  # what is read of a pipe is gone
            return b""
        with source.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError:  # libsndfile says what is wrong
        return b""


@contextmanager
def _open_with_libsndfile(source: Path | bytes, name: str) -> Generator[OpenAudio, None, None]:
    file = _Bytes(_with_length(source)) if isinstance(source, bytes) else source
    try:
        # A file name that ends in .raw raises TypeError: libsndfile wants to be told its format.
        with sf.SoundFile(file) as audio:
            yield OpenAudio(audio.samplerate, audio.frames, _blocks(audio))
    except (sf.SoundFileError, TypeError, OSError) as error:
        why = error.error_string if isinstance(error, sf.LibsndfileError) else error
        raise AudioDecodeError(
            f"{name} is not audio that can be read ({why}): give WAV, FLAC, Ogg, Opus, MP3, WebM or M4A"
        ) from error


def _blocks(audio: sf.SoundFile) -> Iterator[npt.NDArray[np.float32]]:
    while True:
        block = cast(
            npt.NDArray[np.float32],
            audio.read(_BLOCK, dtype="float32", always_2d=True),  # pyright: ignore[reportUnknownMemberType]
        )
        if not len(block):
            return
        yield block


class _Bytes(BytesIO):
    """A stream that clamps seeks before its start, which broken files make libsndfile attempt.

    An error raised in `seek` would only appear as a traceback on standard error.
    """

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return super().seek(max(0, offset) if whence == 0 else offset, whence)


def _with_length(data: bytes) -> bytes:
    """Fill in the length of a WAV that was streamed while it was recorded, whose header says 0."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return data
    at = 12
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        if data[at : at + 4] == b"data":
            rest = len(data) - at - 8
            return data if size else data[: at + 4] + rest.to_bytes(4, "little") + data[at + 8 :]
        at += 8 + size + size % 2
    return data
