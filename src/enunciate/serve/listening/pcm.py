"""The header of a WAV that is streamed, and clips of PCM as WAV."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_FMT = struct.Struct("<HHIIHH")
_PCM, _EXTENSIBLE = 1, 0xFFFE
MAX_CHANNELS = 8
MIN_RATE_HZ, MAX_RATE_HZ = 4_000, 192_000
_LONGEST_HEADER = 64_000
"""Bytes within which the samples of a WAV must begin."""


@dataclass(frozen=True)
class PcmFormat:
    """16-bit PCM."""

    rate_hz: int = 16_000
    channels: int = 1

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of all channels."""
        return 2 * self.channels

    @property
    def bytes_per_s(self) -> int:
        """Bytes of one second."""
        return self.frame_bytes * self.rate_hz

    def wav(self, pcm: bytes) -> bytes:
        """Return a WAV file of some samples."""
        fmt = _FMT.pack(_PCM, self.channels, self.rate_hz, self.bytes_per_s, self.frame_bytes, 16)
        sizes = [(36 + len(pcm)).to_bytes(4, "little"), len(pcm).to_bytes(4, "little")]
        return b"".join(
            (b"RIFF", sizes[0], b"WAVEfmt ", (16).to_bytes(4, "little"), fmt, b"data", sizes[1], pcm)
        )


class NotPcmError(Exception):
    """The audio is not a WAV of 16-bit PCM: only a decoder can tell what is in it."""


def read_wav_header(data: bytes) -> tuple[PcmFormat, int] | None:
    """Read the header of a WAV whose end may not be there yet.

    Returns:
        The format and the index of the first sample; None if the header is incomplete.

    Raises:
        NotPcmError: it is another format.
    """
    start = data[:12]
    if start[:4] != b"RIFF"[: len(start)] or start[8:] != b"WAVE"[: max(0, len(start) - 8)]:
        raise NotPcmError
    audio_format: PcmFormat | None = None
    at = 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if name == b"data":
            if audio_format is None:
                raise NotPcmError
            return audio_format, at + 8
        if name == b"fmt ":
            if len(data) < at + 8 + _FMT.size:
                return None
            audio_format = _pcm_format(data[at + 8 : at + 8 + _FMT.size])
        at += 8 + size + size % 2
    if at > _LONGEST_HEADER:
        raise NotPcmError
    return None


def _pcm_format(fmt: bytes) -> PcmFormat:
    tag, channels, rate_hz, _, frame_bytes, bits = _FMT.unpack(fmt)
    if tag not in (_PCM, _EXTENSIBLE) or bits != 16 or frame_bytes != 2 * channels:
        raise NotPcmError
    if not (1 <= channels <= MAX_CHANNELS and MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ):
        raise NotPcmError
    return PcmFormat(rate_hz, channels)
