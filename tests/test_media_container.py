"""What phones and browsers record is decoded, and what only looks like it does no harm."""

import contextlib
import io
import sys
import tracemalloc

import numpy as np
import pytest
from recorded_media import recorded
from support.broken_audio import broken_audio, many_packets

from enunciate import audio
from enunciate.errors import AudioDecodeError, AudioError, AudioTooLongError, MissingExtraError
from enunciate.schema import Clip

RECORDERS = [
    ("webm", False, 48_000),
    ("webm", True, 48_000),
    ("mp4", False, 44_100),
    ("mp4", True, 48_000),
    ("adts", False, 16_000),
    ("matroska", False, 48_000),
]


@pytest.mark.parametrize(("container", "in_fragments", "rate_hz"), RECORDERS)
def test_recordings_come_back_as_the_same_tone(tone, container, in_fragments, rate_hz):
    data = recorded(tone(1.0, rate_hz), rate_hz, container, in_fragments=in_fragments)

    speech = audio.load(data)

    assert speech.source_rate_hz == rate_hz
    assert speech.duration_s == pytest.approx(1.0, abs=0.1)  # AAC has a block of silence at either end
    spectrum = np.abs(np.fft.rfft(speech.samples))
    assert np.argmax(spectrum) / speech.duration_s == pytest.approx(220, abs=3)
    assert np.sqrt(np.mean(speech.samples**2)) == pytest.approx(0.3 / np.sqrt(2), rel=0.1)


@pytest.mark.parametrize("container", ["webm", "mp4"])
def test_a_path_and_its_bytes_agree(tmp_path, tone, container):
    path = tmp_path / "a recording — ü"
    path.write_bytes(recorded(tone(0.5), 16_000, container))

    assert np.array_equal(audio.load(path).samples, audio.load(path.read_bytes()).samples)


def test_the_length_is_read_from_the_header_where_it_is_there(tone):
    assert audio.header_duration_s(recorded(tone(1.5), 16_000, "mp4")) == pytest.approx(1.5, abs=0.1)
    assert audio.header_duration_s(recorded(tone(1.5), 16_000, "webm", in_fragments=True)) is None


@pytest.mark.parametrize("container", ["webm", "mp4"])
def test_a_recording_that_was_cut_off_is_read_as_far_as_it_goes(tone, container):
    data = recorded(tone(2.0, 48_000), 48_000, container, in_fragments=True)

    assert 0.3 < audio.load(data[: len(data) * 3 // 4]).duration_s < 2.1


@pytest.mark.parametrize("in_fragments", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("container", ["webm", "mp4"])
def test_a_long_recording_is_decoded_no_further_than_the_limit(container, in_fragments):
    data = recorded(np.zeros(8_000 * 300, np.float32), 8_000, container, in_fragments=in_fragments)
    tracemalloc.start()
    with pytest.raises(AudioTooLongError):
        audio.load(data, longest_s=5.0)
    assert audio.decoded_duration_s(data, 5.0) < 7.0
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40_000_000


def test_an_index_that_claims_millions_of_packets_is_refused_unread():
    for data in many_packets():
        with pytest.raises(AudioDecodeError, match="claims"):
            audio.load(data)


@pytest.mark.parametrize("head", [b"\x1a\x45\xdf\xa3", b"\0\0\0\x18ftypM4A ", b"\xff\xf1\x50\x80"])
@pytest.mark.parametrize("rest", [b"", bytes(1000), b"moov" * 500])
def test_a_beginning_alone_is_no_recording(head, rest):
    with pytest.raises(AudioDecodeError, match="not audio that can be read"):
        audio.load(head + rest)


def test_a_video_without_sound_is_no_recording():
    import av

    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as out:
        stream = out.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        for _ in range(5):
            out.mux(stream.encode(av.VideoFrame(32, 32, "yuv420p")))
        out.mux(stream.encode(None))

    with pytest.raises(AudioDecodeError, match="no audio"):
        audio.load(file.getvalue())


def test_broken_recordings_raise_errors_of_their_own():
    """The broken files of the fuzz test, of which many are WebM and M4A."""
    n_read = 0
    for number in range(400):
        with contextlib.suppress(AudioError):
            n_read += audio.load(broken_audio(f"media-{number}")).duration_s > 0
    assert 0 < n_read < 400


def test_without_the_extra_the_error_names_it_and_other_formats_are_read(monkeypatch, tone):
    data = recorded(tone(1.0), 16_000, "webm")
    monkeypatch.setitem(sys.modules, "av", None)

    with pytest.raises(MissingExtraError, match=r"enunciate\[media\]"):
        audio.load(data)
    assert audio.header_duration_s(data) is None
    assert audio.decoded_duration_s(data, 60.0) == 0.0
    assert audio.load(Clip(samples=tone(1.0), sample_rate_hz=16_000)).duration_s == 1.0
