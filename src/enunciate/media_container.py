"""Decode what phones and browsers record, WebM and MP4 (M4A, 3GP), with PyAV, which is an extra.

The data may be hostile, so that little of FFmpeg is used: the format is told by the first bytes and not by
trial, only the codecs that recorders use are opened, and samples are given out frame by frame, for the caller
to stop at its limit. An MP4 can claim hundreds of millions of packets in a few bytes, for each of which
FFmpeg would take memory before it reads one; such a file is refused unread.
"""

from __future__ import annotations

import mmap
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy.typing as npt

from enunciate.errors import AudioDecodeError, needing

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer

EXTRA = "media"
"""The extra that installs PyAV; `serve` brings it."""
HEAD_BYTES = 12
MAX_CHANNELS = 16
MAX_PACKETS = 1_000_000
"""Packets that an MP4 may claim; ten minutes of the shortest ones of Opus are 240,000."""

_CODECS = "aac,opus,vorbis,mp3,mp3float,flac,amrnb,amrwb,pcm_s16le,pcm_f32le"
"""ALAC is missing: a few bytes make its decoder take half a gigabyte."""
_OPTIONS = {"codec_whitelist": _CODECS, "advanced_editlist": "0", "max_streams": "8"}


@dataclass(frozen=True)
class OpenAudio:
    """The audio in an open file."""

    rate_hz: int
    n_declared: int | None
    """Samples of each channel by the header, which can be wrong; None if it does not say."""
    blocks: Iterator[npt.NDArray[Any]]
    """Samples, shape (n, channels), integers or floats, to the end or to the first damaged packet."""


class _Box(NamedTuple):
    """A box of an MP4, by what its head says."""

    kind: bytes
    start: int
    size: int
    header_size: int

    @property
    def end(self) -> int:
        return self.start + self.size


def container_format(head: bytes) -> str | None:
    """Return FFmpeg's name of the format of a file by its first `HEAD_BYTES`; None if it is none of these."""
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "matroska"
    if head[4:8] == b"ftyp":
        return "mov"
    # ADTS has the same 12 bits at its start as MP3, but says "layer 0".
    return "aac" if head[:1] == b"\xff" and head[1:2] and head[1] & 0xF6 == 0xF0 else None


@contextmanager
def open_container(source: Path | bytes, format: str, name: str) -> Generator[OpenAudio, None, None]:
    """Open a file whose format `container_format` has told.

    Args:
        source: A path, or the content of the file.
        format: The format.
        name: What a message of an error calls it.

    Raises:
        AudioDecodeError: There is no audio in it that can be decoded, or it claims absurd numbers.
        MissingExtraError: PyAV is not installed.
    """
    with needing(EXTRA):
        import av
        import av.error
    if format == "mov":
        _check_packets(source, name)
    try:
        with (
            BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file,
            av.open(file, "r", format=format, options=_OPTIONS, metadata_errors="ignore") as container,
        ):
            stream = next(iter(container.streams.audio), None)
            if stream is None:
                raise _not_readable(name, "it has no audio")
            if cast(object, stream.codec_context) is None:
                raise _not_readable(name, "its codec is unknown")
            stream.codec_context.thread_count = 1
            frames = _frames(container, stream)
            first = next(frames, None)
            if first is None:
                raise _not_readable(name, "its audio is damaged or of a codec that recorders do not use")
            rate_hz = first.sample_rate
            declared = round(container.duration * rate_hz / av.time_base) if container.duration else None
            yield OpenAudio(rate_hz, declared, _blocks(first, frames, name))
    except (av.error.FFmpegError, ValueError, MemoryError, OSError) as error:
        raise _not_readable(name, str(getattr(error, "strerror", error))) from error


def _not_readable(name: str, why: str) -> AudioDecodeError:
    return AudioDecodeError(
        f"{name} is not audio that can be read ({why}): give WebM with Opus, M4A with AAC, WAV, FLAC or MP3"
    )


def without_cut_box(data: bytes) -> bytes:
    """Return the beginning of a recording without a box of an MP4 that has not arrived completely.

    FFmpeg refuses the whole for the sake of such a box. What is there of samples (`mdat`) is kept, and so is
    data that is no MP4.
    """
    if container_format(data[:HEAD_BYTES]) != "mov":
        return data
    for box in _boxes(data):
        if box.end > len(data):
            return data if box.kind == b"mdat" else data[: box.start]
    return data


def _frames(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    """Yield frames up to the first damaged packet; a recording is often cut in the middle of the last one."""
    import av.error

    try:
        for packet in container.demux(stream):
            if packet.is_corrupt:  # cut, which its decoder need not notice
                return
            yield from cast("Iterator[AudioFrame]", packet.decode())
    except (av.error.InvalidDataError, av.error.EOFError):
        return


def _blocks(first: AudioFrame, frames: Iterator[AudioFrame], name: str) -> Iterator[npt.NDArray[Any]]:
    frame: AudioFrame | None = first
    while frame is not None:
        channels = frame.layout.nb_channels
        if frame.sample_rate != first.sample_rate or not 1 <= channels <= MAX_CHANNELS:
            raise _not_readable(name, f"its rate changes, or it has more than {MAX_CHANNELS} channels")
        samples: npt.NDArray[Any] = frame.to_ndarray()
        yield samples.T if frame.format.is_planar else samples.reshape(-1, channels)
        frame = next(frames, None)


def _check_packets(source: Path | bytes, name: str) -> None:
    """Refuse an MP4 that claims more packets than a recording has, or whose index is compressed."""
    with _searchable(source) as data:
        parts = [data[start:end] for start, end in _index_spans(data)]
    claimed = sum(
        _claimed(part, kind, offset)
        for part in parts
        for kind, offset in ((b"stsz", 8), (b"stz2", 8), (b"trun", 4))
    )
    if claimed > MAX_PACKETS or any(b"cmov" in part for part in parts):
        raise _not_readable(name, f"it claims {claimed:,} packets, or its index is compressed")


def _searchable(source: Path | bytes) -> AbstractContextManager[bytes | mmap.mmap]:
    if isinstance(source, bytes):
        return nullcontext(source)
    with source.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _index_spans(data: bytes | mmap.mmap) -> Iterator[tuple[int, int]]:
    """Yield the parts of an MP4 in which FFmpeg looks for boxes: all but the samples in `mdat`.

    That is the whole file if a box is not as it should be, or if a `sidx` can make it look elsewhere.
    """
    if any(box.kind == b"sidx" or box.size < box.header_size for box in _boxes(data)):
        yield 0, len(data)
        return
    yield from ((box.start, box.end) for box in _boxes(data) if box.kind != b"mdat")


def _boxes(data: bytes | mmap.mmap) -> Iterator[_Box]:
    """Yield the boxes of an MP4 whose heads are there; the last one if its size cannot be true."""
    start, length = 0, len(data)
    while start + 8 <= length:
        size, kind, header = int.from_bytes(data[start : start + 4], "big"), data[start + 4 : start + 8], 8
        if size == 0:
            size = length - start
        elif size == 1:
            size, header = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        yield _Box(kind, start, size, header)
        if size < header:
            return
        start += size


def _claimed(data: bytes, kind: bytes, offset: int) -> int:
    """Return the sum of the counts that stand `offset` bytes behind the name of each box of a kind.

    The boxes are searched for, not walked to: FFmpeg finds them in more places than they belong in.
    """
    total, at = 0, data.find(kind)
    while at >= 0:
        start = at + len(kind) + offset + (8 if data[max(0, at - 4) : at] == b"\0\0\0\1" else 0)
        total += int.from_bytes(data[start : start + 4], "big")
        at = data.find(kind, at + 1)
    return total
