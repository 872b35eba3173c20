"""The header of a streamed WAV is read once it is complete, and a clip is cut out as a WAV."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile as sf
from support.serve_cases import tone

from enunciate.serve.listening.pcm import NotPcmError, PcmFormat, read_wav_header


def test_a_clip_is_a_wav_with_its_samples():
    pcm = np.arange(200, dtype="<i2").tobytes()
    samples, rate_hz = sf.read(io.BytesIO(PcmFormat(8_000, 2).wav(pcm)), dtype="int16")
    assert (rate_hz, samples.shape) == (8_000, (100, 2))
    assert samples.tobytes() == pcm


def test_a_header_is_read_as_soon_as_it_is_complete():
    wav = PcmFormat(48_000, 2).wav(b"1234")
    assert [read_wav_header(wav[:size]) for size in range(44)] == [None] * 44
    assert read_wav_header(wav[:44]) == (PcmFormat(48_000, 2), 44)


def test_other_chunks_may_stand_before_the_samples():
    wav = PcmFormat().wav(b"")
    with_list = wav[:36] + b"LIST\x03\x00\x00\x00abc\x00" + wav[36:]
    assert read_wav_header(with_list) == (PcmFormat(), 56)


@pytest.mark.parametrize(
    "data",
    [
        tone(0.1, form="FLAC"),
        tone(0.1, form="OGG"),
        b"RIFX",
        b"RIFF\0\0\0\0AVI ",
        PcmFormat().wav(b"").replace(b"\x01\x00\x01\x00", b"\x07\x00\x01\x00"),  # mu-law
        PcmFormat(channels=0).wav(b""),
        PcmFormat(channels=9).wav(b""),
        PcmFormat(rate_hz=1_000).wav(b""),
        b"RIFF\0\0\0\0WAVEdata\0\0\0\0",
        b"RIFF\0\0\0\0WAVEfmt \xff\xff\xff\x7f" + PcmFormat().wav(b"")[20:],
    ],
)
def test_anything_else_is_left_to_a_decoder(data):
    with pytest.raises(NotPcmError):
        read_wav_header(data)
