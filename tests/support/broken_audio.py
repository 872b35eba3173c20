"""Broken audio files, as untrusted input can be, each generated from a seed.

To reach deep into the decoders, single header fields are set, and damaged Ogg pages get correct checksums.
"""

from __future__ import annotations

import io
import random
import struct
from collections.abc import Callable
from functools import cache

import numpy as np
import soundfile as sf
from recorded_media import recorded
from support.serve_cases import SPOKEN

SAID = "I think the weather"
"""The reference text of the clip from which all files are made."""
_FROM_S, _TO_S = 0.35, 1.35
_COMMON = ("WAV", "FLAC", "OGG", "MP3", "WEBM", "M4A")
_EXTREMES = (
    0,
    1,
    2,
    3,
    7,
    8,
    255,
    256,
    32767,
    32768,
    65535,
    65536,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**63,
    2**64 - 1,
)
_HEADER_BYTES = 256

Damage = Callable[[random.Random, bytes], bytes]


def broken_audio(seed: str) -> bytes:
    """Return a file, which is the same whenever the seed is the same."""
    rng = random.Random(seed)
    kind = rng.choices(("damaged", "wav", "ogg", "samples", "noise"), (50, 15, 15, 10, 10))[0]
    if kind == "wav":
        return _wav(rng)
    if kind == "ogg":
        return _ogg(rng)
    if kind == "samples":
        return _odd_samples(rng)
    if kind == "noise":
        return rng.choice([data for _, data in whole()])[: rng.choice((4, 12, 44))] + rng.randbytes(
            rng.randrange(5000)
        )
    data = _any_whole(rng)
    for _ in range(rng.choice((1, 1, 2, 4))):
        data = rng.choice(_DAMAGES)(rng, data)
    return data


def bombs() -> list[bytes]:
    """Decompression bombs: small files that have or declare very many samples or channels."""
    quarter_hour = _written("FLAC", "PCM_16", np.zeros(16_000 * 900))
    wide = _written("FLAC", "PCM_16", np.zeros((192_000 * 20, 8)), 192_000)
    long_ogg = _written("OGG", "VORBIS", np.zeros(8_000 * 600), 8_000)
    endless = bytearray(quarter_hour)
    endless[21:26] = b"\xff" * 5  # all 36 bits of the number of samples
    return [
        quarter_hour,
        wide,
        long_ogg,
        bytes(endless),
        _riff(1, 65535, 16_000, 16, bytes(200_000), declared=2**32 - 1),
        _riff(1, 1, 2**32 - 1, 16, bytes(200_000)),
        _riff(1, 1, 1, 16, bytes(200_000)),
        _riff(3, 1, 16_000, 64, struct.pack("<d", 1e300) * 16_000),
        _riff(1, 1, 16_000, 16, b"", declared=2**32 - 1),
        b"RIFF\xff\xff\xff\xffWAVE" + b"LIST\x04\x00\x00\x00abcd" * 500_000,
        b"OggS" * 1_000_000,
        b"fLaC" + b"\x01\x00\x00\x00" * 1_000_000,
        b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + bytes(1_000_000),
        _talkative(),
        recorded(np.zeros(48_000 * 900, np.float32), 48_000, "webm"),
        recorded(np.zeros(48_000 * 900, np.float32), 48_000, "mp4"),
        *many_packets(),
        b"\x1a\x45\xdf\xa3" * 1_000_000,
        b"\0\0\0\x0cftypisom" + b"\0\0\0\x08moov" * 500_000,
        b"\xff\xf1" * 1_000_000,
    ]


def many_packets() -> list[bytes]:
    """MP4 files of a second whose index claims 80 million packets of one byte."""
    second = np.zeros(48_000, np.float32)
    many = (80_000_000).to_bytes(4, "big")
    whole = bytearray(recorded(second, 48_000, "mp4"))
    at = whole.index(b"stsz")
    whole[at + 8 : at + 16] = b"\0\0\0\1" + many
    at = whole.index(b"stsc")
    whole[at + 16 : at + 20] = many
    parts = bytearray(recorded(second, 48_000, "mp4", in_fragments=True))
    at = parts.index(b"trun")
    parts[at + 5 : at + 12] = b"\0\0\1" + many
    return [bytes(whole), bytes(parts), bytes(whole).replace(b"moov", b"cmov")]


def _talkative() -> bytes:
    """A file for whose every block libsndfile prints a line or two."""
    data = bytearray(_written("SDS", "PCM_16", np.full(60_000, 0.1)))
    data[21::127] = b"\xff" * len(data[21::127])
    return bytes(data)


@cache
def whole() -> tuple[tuple[str, bytes], ...]:
    """The clip in every format that libsndfile writes, and in those that phones and browsers do."""
    samples, rate_hz = sf.read(SPOKEN, dtype="float32", start=int(16_000 * _FROM_S), stop=int(16_000 * _TO_S))
    files: list[tuple[str, bytes]] = []
    for form in sf.available_formats():
        if form == "SD2":  # leaves a file in the current folder
            continue
        for subtype in sf.available_subtypes(form):
            try:
                files.append((form, _written(form, subtype, samples, rate_hz)))
            except (sf.SoundFileError, TypeError, ValueError, OSError):
                continue  # not at this rate, or not to a stream
    files += [("WEBM", recorded(samples, rate_hz, "webm")), ("M4A", recorded(samples, rate_hz, "mp4"))]
    files += [("M4A", recorded(samples, rate_hz, "mp4", in_fragments=True))] * 2
    files += [("AAC", recorded(samples, rate_hz, "adts")), ("MKA", recorded(samples, rate_hz, "matroska"))]
    return tuple(files)


def _written(form: str, subtype: str, samples: np.ndarray, rate_hz: int = 16_000) -> bytes:
    file = io.BytesIO()
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    with sf.SoundFile(file, "w", rate_hz, channels, subtype, format=form) as out:
        for start in range(0, len(samples), 16_000):  # libsndfile crashes on minutes of Vorbis at once
            out.write(samples[start : start + 16_000])
    return file.getvalue()


def _any_whole(rng: random.Random) -> bytes:
    files = whole()
    if rng.random() < 0.7:
        files = [file for file in files if file[0] in _COMMON]
    return rng.choice(files)[1]


# -------------------------------------------------------------------------------------------- damages


def _truncated(rng: random.Random, data: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _flipped(rng: random.Random, data: bytes) -> bytes:
    return _flip(rng, data, len(data), rng.choice((1, 3, 30, 300)))


def _flipped_header(rng: random.Random, data: bytes) -> bytes:
    return _flip(rng, data, _HEADER_BYTES, rng.choice((1, 2, 8)))


def _flip(rng: random.Random, data: bytes, within: int, count: int) -> bytes:
    flipped = bytearray(data)
    for _ in range(count if data else 0):
        flipped[rng.randrange(min(within, len(data)))] ^= 1 << rng.randrange(8)
    return bytes(flipped)


def _extreme(rng: random.Random, data: bytes) -> bytes:
    """Overwrite 1, 2, 4 or 8 bytes with a very small or very large number."""
    width = rng.choice((1, 2, 4, 8))
    order = rng.choice(("little", "big"))
    number = (rng.choice(_EXTREMES) % (1 << 8 * width)).to_bytes(width, order)
    at = rng.randrange(min(len(data), _HEADER_BYTES) + 1)
    return data[:at] + number + data[at + width :]


def _cut_out(rng: random.Random, data: bytes) -> bytes:
    at, end = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    return data[:at] + data[end:]


def _repeated(rng: random.Random, data: bytes) -> bytes:
    at, end = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    return data[:at] + data[at:end] * rng.choice((2, 3, 5)) + data[end:]


def _spliced(rng: random.Random, data: bytes) -> bytes:
    other = _any_whole(rng)
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]


def _same_run(rng: random.Random, data: bytes) -> bytes:
    at = rng.randrange(len(data) + 1)
    length = rng.randrange(1000)
    return data[:at] + bytes([rng.choice((0, 255, 127, 128))]) * length + data[at + length :]


_DAMAGES: tuple[Damage, ...] = (
    _truncated,
    _flipped,
    _flipped_header,
    _extreme,
    _cut_out,
    _repeated,
    _spliced,
    _same_run,
)


# --------------------------------------------------------------------------------- files from scratch


def _riff(
    tag: int, channels: int, rate_hz: int, bits: int, body: bytes, declared: int | None = None
) -> bytes:
    """A WAV file whose header says whatever it is told to."""
    bytes_each = channels * bits // 8
    form = struct.pack(
        "<HHIIHH", tag, channels, rate_hz, rate_hz * bytes_each % 2**32, bytes_each % 65536, bits
    )
    size = len(body) if declared is None else declared
    chunks = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", size) + body
    return b"RIFF" + struct.pack("<I", min(len(chunks), 2**32 - 1)) + chunks


def _wav(rng: random.Random) -> bytes:
    """Unknown formats, no channels, hours of declared samples, and impossible sampling rates."""
    tag = rng.choice((1, 1, 1, 3, 2, 6, 7, 0x11, 0x14, 0x31, 0x50, 0x55, 0xFFFE, rng.randrange(65536)))
    channels = rng.choice((0, 1, 1, 1, 2, 6, 255, 1024, 1025, 65535))
    rate_hz = rng.choice(
        (0, 1, 7, 4000, 11_025, 16_000, 16_000, 44_100, 191_999, 192_001, 2**31 - 1, 2**32 - 1)
    )
    bits = rng.choice((0, 1, 4, 8, 12, 16, 16, 24, 32, 64, 65535))
    body = rng.choice((b"", rng.randbytes(rng.randrange(100_000)), bytes(rng.randrange(100_000))))
    declared = rng.choice((None, None, 0, 1, len(body) + 1, 2 * len(body), 2**31, 2**32 - 1))
    return _riff(tag, channels, rate_hz, bits, body, declared)


def _odd_samples(rng: random.Random) -> bytes:
    """NaN, infinite and huge floating-point samples in files that are otherwise valid."""
    rate_hz = rng.choice((1, 8_000, 16_000, 22_050, 48_000, 96_001, 192_000))
    samples = np.random.default_rng(rng.randrange(2**32)).normal(scale=0.1, size=rng.randrange(1, 40_000))
    odd = rng.choice((np.nan, np.inf, -np.inf, 1e30, 1e300, -8.5, 5e-324, 0.0))
    samples[rng.randrange(len(samples)) :: rng.choice((1, 2, 100, 10_000))] = odd
    form, subtype = rng.choice(
        (("WAV", "FLOAT"), ("WAV", "DOUBLE"), ("AIFF", "FLOAT"), ("CAF", "DOUBLE"), ("W64", "FLOAT"))
    )
    return _written(form, subtype, samples, rate_hz)


def _ogg(rng: random.Random) -> bytes:
    """Damaged pages of Vorbis, Opus or FLAC with correct checksums."""
    data = bytearray(rng.choice([file for form, file in whole() if form == "OGG"]))
    at = 0
    while data[at : at + 4] == b"OggS":
        end = at + 27 + data[at + 26] + sum(data[at + 27 : at + 27 + data[at + 26]])
        for _ in range(rng.choice((0, 0, 1, 5, 50)) if end <= len(data) else 0):
            data[rng.choice((rng.randrange(at + 4, end), rng.randrange(at + 4, min(end, at + 60))))] = (
                rng.choice((0, 255, rng.randrange(256)))
            )
        data[at + 22 : at + 26] = bytes(4)
        data[at + 22 : at + 26] = _ogg_checksum(data[at:end]).to_bytes(4, "little")
        at = end
    return bytes(data)


@cache
def _ogg_table() -> tuple[int, ...]:
    def one(register: int) -> int:
        for _ in range(8):
            register = register << 1 ^ (0x04C11DB7 if register & 0x80000000 else 0)
        return register & 0xFFFFFFFF

    return tuple(one(byte << 24) for byte in range(256))


def _ogg_checksum(page: bytes) -> int:
    """CRC-32 as RFC 3533 defines it: not reflected, with an initial value of 0."""
    table, register = _ogg_table(), 0
    for byte in page:
        register = (register << 8 & 0xFFFFFFFF) ^ table[register >> 24 ^ byte]
    return register
