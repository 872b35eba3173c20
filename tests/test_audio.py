import contextlib
import io
import os
import tracemalloc

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given, settings
from hypothesis import strategies as st
from support.paths import REPOSITORY

from enunciate import audio
from enunciate.assembly.warnings import audio_warnings
from enunciate.errors import (
    AudioDecodeError,
    AudioEmptyError,
    AudioError,
    AudioNotFiniteError,
    AudioNotFoundError,
    AudioSilentError,
    AudioTooLongError,
    AudioTooShortError,
)
from enunciate.schema import Clip


def encode(samples, rate_hz, format="WAV", subtype=None):
    buffer = io.BytesIO()
    sf.write(buffer, samples, rate_hz, format=format, subtype=subtype)
    return buffer.getvalue()


def clip(samples, rate_hz=16_000):
    return Clip(samples=np.asarray(samples), sample_rate_hz=rate_hz)


# ---------------------------------------------------------------------------------------- good input


@pytest.mark.parametrize(
    ("format", "subtype", "rate_hz"),
    [
        ("WAV", "PCM_16", 16_000),
        ("WAV", "PCM_U8", 8_000),
        ("WAV", "PCM_24", 44_100),
        ("WAV", "FLOAT", 48_000),
        ("FLAC", "PCM_16", 22_050),
        ("OGG", "VORBIS", 32_000),
        ("OGG", "OPUS", 24_000),
        ("MP3", "MPEG_LAYER_III", 44_100),
    ],
)
def test_formats_come_back_as_the_same_tone(tone, format, subtype, rate_hz):
    speech = audio.load(encode(tone(1.0, rate_hz), rate_hz, format, subtype))

    assert speech.samples.dtype == np.float32
    assert speech.samples.ndim == 1
    assert speech.source_rate_hz == rate_hz
    assert speech.duration_s == pytest.approx(1.0, abs=0.06)
    spectrum = np.abs(np.fft.rfft(speech.samples))
    assert np.argmax(spectrum) / speech.duration_s == pytest.approx(220, abs=3)
    assert np.sqrt(np.mean(speech.samples**2)) == pytest.approx(0.3 / np.sqrt(2), rel=0.1)


def test_path_string_and_bytes_agree(tmp_path, tone):
    path = tmp_path / "a clip — ü.wav"
    path.write_bytes(encode(tone(0.5), 16_000))

    for source in (path, str(path), path.read_bytes()):
        assert np.array_equal(audio.load(source).samples, audio.load(path).samples)


@pytest.mark.parametrize("n_channels", [1, 2, 5])
def test_channels_are_averaged(tone, n_channels):
    stereo = np.zeros((8000, n_channels), dtype=np.float32)
    stereo[:, 0] = tone(0.5)

    assert np.allclose(audio.load(clip(stereo)).samples, tone(0.5) / n_channels, atol=1e-6)


@pytest.mark.parametrize(
    "dtype", ["int8", "int16", "int32", "int64", "uint8", "uint16", "float16", "float64"]
)
def test_any_number_type_has_the_same_scale(tone, dtype):
    samples = tone(0.5)
    kind = np.dtype(dtype)
    if kind.kind != "f":
        half = 2.0 ** (8 * kind.itemsize - 1)
        samples = np.round(samples.astype(np.float64) * (half - 1)) + (half if kind.kind == "u" else 0)

    loaded = audio.load(clip(samples.astype(kind))).samples

    assert np.allclose(loaded, tone(0.5), atol=0.01)


@settings(max_examples=25)
@given(rate_hz=st.integers(1_000, 200_000), duration_s=st.floats(0.31, 2.0), channels=st.integers(1, 4))
def test_any_rate_keeps_the_duration(rate_hz, duration_s, channels):
    noise = np.random.default_rng(0).normal(scale=0.1, size=(round(duration_s * rate_hz), channels))

    speech = audio.load(clip(noise, rate_hz))

    assert speech.duration_s == pytest.approx(duration_s, abs=0.002)
    assert np.isfinite(speech.samples).all()


@pytest.mark.parametrize("duration_s", [audio.MIN_DURATION_S, audio.MAX_CLIP_S])
def test_the_limits_themselves_are_allowed(tone, duration_s):
    assert audio.load(clip(tone(duration_s))).duration_s == pytest.approx(duration_s)


def test_empty_wav_header_of_a_pipe_is_read_to_its_end(tone):
    """A recorder that writes to a pipe cannot know the length and leaves 0xFFFFFFFF in the header."""
    data = bytearray(encode(tone(1.0), 16_000, subtype="PCM_16"))
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"

    assert audio.load(bytes(data)).duration_s == pytest.approx(1.0)


def test_wav_that_was_sent_while_it_was_recorded_is_read_to_its_end(tone):
    whole = encode(tone(1.0), 16_000)
    at = whole.index(b"data") + 4
    sent = whole[:at] + bytes(4) + whole[at + 4 :]
    assert audio.load(sent).duration_s == audio.load(whole).duration_s == 1.0
    assert audio.header_duration_s(sent) == 1.0


@pytest.mark.parametrize("cut", [12, 20, 36, 40, 44])
def test_wav_header_cut_anywhere_is_no_clip(tone, cut):
    with pytest.raises(AudioError):
        audio.load(encode(tone(1.0), 16_000)[:cut])


def test_the_length_in_the_header_is_known_without_decoding(tone):
    assert audio.header_duration_s(encode(tone(1.5), 16_000, "FLAC")) == 1.5
    assert audio.header_duration_s(b"no audio") is None


def test_a_small_file_that_would_unpack_to_gigabytes_is_refused_unread():
    many_samples = encode(np.zeros(655_350 * 2, np.int16), 655_350, "FLAC")
    hours = encode(np.zeros(8_000 * 1_800, np.int16), 8_000, "FLAC")
    assert max(len(many_samples), len(hours)) < 200_000
    tracemalloc.start()
    with pytest.raises(AudioDecodeError, match="192,000"):
        audio.load(many_samples)
    with pytest.raises(AudioTooLongError, match="1800"):
        audio.load(hours)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


def test_clips_of_the_repository_are_good():
    repository = REPOSITORY
    paths = [*repository.glob("examples/*.flac"), *repository.glob("tests/assets/*.flac")]

    assert len(paths) >= 4
    for path in paths:
        speech = audio.load(path)
        assert speech.source_rate_hz == audio.SAMPLE_RATE_HZ
        assert audio_warnings(speech) == []


# ------------------------------------------------------------------------------------------ warnings


def test_clean_clip_has_no_warnings(tone):
    speech = audio.load(clip(tone(1.0)))

    assert audio_warnings(speech) == []
    assert speech.peak == pytest.approx(0.3, rel=0.01)
    assert speech.rms_dbfs == pytest.approx(20 * np.log10(0.3 / np.sqrt(2)), abs=0.1)


def test_clipping_is_noticed(tone):
    speech = audio.load(clip(np.clip(tone(1.0, level=2.0), -1, 1)))

    assert [notice.code for notice in audio_warnings(speech)] == ["clipping"]
    assert speech.clipped_share == pytest.approx(2 / 3, abs=0.01)


def test_clipping_in_one_channel_is_noticed(tone):
    stereo = np.stack([np.clip(tone(1.0, level=2.0), -1, 1), np.zeros(16_000)], axis=1)

    assert [notice.code for notice in audio_warnings(audio.load(clip(stereo)))] == ["clipping"]


def test_low_level_is_noticed(tone):
    speech = audio.load(clip(tone(1.0, level=0.002)))

    assert [notice.code for notice in audio_warnings(speech)] == ["low_level"]


# ----------------------------------------------------------------------------------------- bad input


@pytest.mark.filterwarnings("error")
def test_channels_whose_sum_is_too_large_are_refused_without_a_warning():
    loud = np.full((16_000, 2), 3e38, dtype=np.float32)

    with pytest.raises(AudioNotFiniteError):
        audio.load(encode(loud, 16_000, "WAV", "FLOAT"))


def test_a_file_that_points_before_its_start_is_refused_without_a_traceback(tone, monkeypatch):
    shown: list[object] = []
    monkeypatch.setattr("sys.unraisablehook", shown.append)
    data = encode(tone(1.0), 16_000, "AIFF", "PCM_16").replace(b"SSND", b"NONE")

    with pytest.raises(AudioDecodeError):
        audio.load(data)

    assert not shown


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(AudioNotFoundError, match=r"nothing\.wav: there is no such file"):
        audio.load(tmp_path / "nothing.wav")


def test_a_folder_is_not_audio(tmp_path):
    with pytest.raises(AudioNotFoundError, match="is a folder"):
        audio.load(tmp_path)


def test_a_path_that_no_file_can_have_is_refused():
    with pytest.raises(AudioNotFoundError, match="cannot be opened"):
        audio.load("x\0y.wav")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_refused(tmp_path, tone):
    path = tmp_path / "locked.wav"
    path.write_bytes(encode(tone(0.5), 16_000))
    path.chmod(0)

    with pytest.raises(AudioDecodeError):
        audio.load(path)


@pytest.mark.parametrize("name", ["note.txt", "note.wav", "note.raw", "note.mp3"])
def test_a_file_that_is_not_audio_is_refused(tmp_path, name):
    path = tmp_path / name
    path.write_text("Dear diary, today I recorded nothing.\n" * 50)

    with pytest.raises(AudioDecodeError, match="not audio that can be read"):
        audio.load(path)


def test_bytes_that_are_not_audio_are_refused():
    with pytest.raises(AudioDecodeError, match="the audio bytes"):
        audio.load(b"<html>404</html>")


def test_a_header_that_is_cut_off_is_refused(tone):
    with pytest.raises(AudioDecodeError):
        audio.load(encode(tone(0.5), 16_000)[:20])


def test_an_empty_file_is_refused(tmp_path):
    path = tmp_path / "empty.wav"
    path.touch()

    with pytest.raises(AudioEmptyError, match="empty file"):
        audio.load(path)
    with pytest.raises(AudioEmptyError):
        audio.load(b"")


def test_audio_without_samples_is_refused():
    with pytest.raises(AudioEmptyError, match="no samples"):
        audio.load(encode(np.zeros(0), 16_000))
    with pytest.raises(AudioEmptyError, match="no samples"):
        audio.load(clip(np.zeros((0, 2))))
    with pytest.raises(AudioEmptyError, match="no samples"):
        audio.load(clip(np.zeros((100, 0))))


def test_a_clip_under_the_shortest_length_is_refused(tone):
    with pytest.raises(AudioTooShortError, match=r"0\.29 s, shorter than 0\.3 s"):
        audio.load(clip(tone(0.29)))


def test_a_clip_over_the_longest_length_is_refused(tone):
    with pytest.raises(AudioTooLongError, match=r"60\.5 s, longer than 60 s"):
        audio.load(clip(tone(60.5)))


def test_an_engine_for_long_readings_takes_ten_minutes():
    noise = np.random.default_rng(0).normal(scale=0.1, size=4_804_000).astype(np.float32)
    ten_minutes = audio.load(clip(noise[:4_800_000], 8_000), longest_s=audio.MAX_DURATION_S)
    assert ten_minutes.duration_s == 600
    assert ten_minutes.rms_dbfs == pytest.approx(-20, abs=0.1)
    with pytest.raises(AudioTooLongError, match=r"600\.5 s, longer than 600 s: cut it into parts"):
        audio.load(clip(noise, 8_000), longest_s=audio.MAX_DURATION_S)


def test_the_decoded_duration_is_that_of_the_samples_up_to_a_limit(tone):
    assert audio.decoded_duration_s(encode(tone(1.5), 16_000), 60) == pytest.approx(1.5)
    assert 2 < audio.decoded_duration_s(encode(np.zeros(3600 * 4000, dtype=np.int16), 4000), 2) < 60
    assert audio.decoded_duration_s(b"no audio", 60) == 0


def test_length_is_checked_before_decoding():
    hour = encode(np.zeros(3600 * 4000, dtype=np.int16), 4000)
    tracemalloc.start()
    with pytest.raises(AudioTooLongError, match="3600"):
        audio.load(hour)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak_bytes < len(hour) * 1.2


@pytest.mark.parametrize("level", [0.0, 1e-4])
def test_silence_is_refused(tone, level):
    with pytest.raises(AudioSilentError, match="check the microphone"):
        audio.load(clip(tone(1.0, level=level)))


def test_a_constant_offset_is_silence():
    with pytest.raises(AudioSilentError):
        audio.load(clip(np.full(16_000, 0.5)))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_samples_that_are_not_finite_are_refused(tone, value):
    samples = tone(1.0).astype(np.float64)
    samples[8000] = value

    with pytest.raises(AudioNotFiniteError, match=r"the first at 0\.50 s"):
        audio.load(clip(samples))
    if not np.isfinite(value):
        with pytest.raises(AudioNotFiniteError):
            audio.load(encode(samples, 16_000, subtype="FLOAT"))


def test_infinities_that_cancel_between_channels(tone):
    stereo = np.stack([tone(1.0), tone(1.0)], axis=1)
    stereo[100] = np.inf, -np.inf

    with pytest.raises(AudioNotFiniteError):
        audio.load(clip(stereo))


def test_floats_that_are_unscaled_integers(tone):
    with pytest.raises(AudioDecodeError, match="scale them"):
        audio.load(clip(tone(1.0) * 32768))


@pytest.mark.parametrize(
    "samples", [np.zeros((2, 3, 4)), np.float32(0.5), np.zeros(100, complex), np.zeros(100, bool)]
)
def test_arrays_that_are_not_clips(samples):
    with pytest.raises(AudioDecodeError):
        audio.load(clip(samples))


def test_channels_first_is_told_apart(tone):
    with pytest.raises(AudioDecodeError, match="transpose"):
        audio.load(clip(np.stack([tone(1.0), tone(1.0)])))


@settings(max_examples=100)
@given(
    data=st.binary(min_size=1, max_size=400), start=st.sampled_from([b"", b"RIFF", b"fLaC", b"OggS", b"ID3"])
)
def test_no_bytes_raise_anything_but_our_errors(data, start):
    with contextlib.suppress(AudioError):
        audio.load(start + data)
