"""Decode a clip from a file, bytes or an array to float32 mono at 16 kHz, or raise a precise error.

libsndfile decodes (WAV, FLAC, Ogg Vorbis and Opus, MP3, AIFF, ...) or, with the extra `media`, PyAV (WebM,
M4A, AAC); soxr resamples. The header's length is checked first, so that a long recording given by mistake
costs nothing; samples are mixed down block by block, so that many channels need no more memory than one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr  # pyright: ignore[reportMissingTypeStubs]

from enunciate.audio_file import open_audio
from enunciate.errors import (
    AudioDecodeError,
    AudioEmptyError,
    AudioNotFiniteError,
    AudioNotFoundError,
    AudioSilentError,
    AudioTooLongError,
    AudioTooShortError,
    MissingExtraError,
)
from enunciate.media_container import OpenAudio
from enunciate.schema import Clip
from enunciate.sound_level import loudest_dbfs, rms_dbfs

SAMPLE_RATE_HZ = 16_000
MIN_DURATION_S = 0.3
MAX_CLIP_S = 60.0
"""The longest clip of an engine that hears a clip at once."""
MAX_DURATION_S = 600.0
"""The longest reading of an engine that hears in windows: ten minutes."""
MAX_SOURCE_RATE_HZ = 192_000
"""The highest rate of recorders. A small file could claim up to 655,350 Hz and unpack to gigabytes."""

SILENT_BELOW_DBFS = -65.0
"""A clip whose loudest 25 ms are below this level holds no speech; quiet microphones give about -45 dBFS."""
CLIPPED_AT = 0.999
FLOAT_PEAK_LIMIT = 8.0
"""Floating-point samples beyond this are unscaled integers (decoded audio exceeds 1 only a little)."""

_BLOCK = 1 << 16

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Speech:
    """A clip that is fit to be assessed.

    `samples` are float32 mono at `SAMPLE_RATE_HZ`, shape (samples,), nominally in -1..1. The other values
    are measured before resampling: `clipped_share` is the share of samples at full scale, `peak` the greatest
    absolute sample, `rms_dbfs` the level of the whole clip and `loud_dbfs` that of its loudest 25 ms, both
    with any constant offset removed.
    """

    samples: Samples
    source_rate_hz: int
    clipped_share: float
    peak: float
    rms_dbfs: float
    loud_dbfs: float

    @property
    def duration_s(self) -> float:
        """The length of the clip in seconds."""
        return len(self.samples) / SAMPLE_RATE_HZ


def load(source: Path | str | bytes | Clip, *, longest_s: float = MAX_CLIP_S) -> Speech:
    """Read, check, mix down and resample one clip.

    Args:
        source: A path, the bytes of an audio file, or samples with their rate.
        longest_s: The longest clip that the engine takes.

    Raises:
        AudioNotFoundError: The path leads to no file, or to a folder.
        AudioDecodeError: The data are not audio in a format that is read here.
        AudioEmptyError: The file is empty or has no samples.
        AudioTooShortError: The clip is shorter than `MIN_DURATION_S`.
        AudioTooLongError: The clip is longer than `longest_s`.
        AudioNotFiniteError: Some samples are NaN or infinite.
        AudioSilentError: Nothing in the clip is loud enough to be speech.
        MissingExtraError: The format needs the extra `media`, which is not installed.
    """
    if isinstance(source, Clip):
        blocks = _clip_blocks(source, longest_s)
        return _prepare(blocks, source.sample_rate_hz, "the clip", longest_s)
    if isinstance(source, bytes):
        if not source:
            raise AudioEmptyError("the audio bytes are empty: send the content of an audio file")
        return _load_file(source, "the audio bytes", longest_s)
    path = Path(source)
    _check_path(path)
    return _load_file(path, str(path), longest_s)


def decoded_duration_s(data: bytes, longest_s: float) -> float:
    """Return the duration of an audio file in seconds by decoding it, but not far beyond `longest_s`.

    Nothing is kept of what is decoded. The duration is 0 where the data cannot be read, which `load` reports.
    """
    try:
        with open_audio(data, "the audio") as audio:
            return sum(map(len, _file_blocks(audio, longest_s))) / audio.rate_hz
    except (AudioDecodeError, MissingExtraError):
        return 0.0


def header_duration_s(source: Path | bytes) -> float | None:
    """Return the duration in seconds that the header of an audio file claims; None where there is none.

    The header is cheap to read and can be wrong; `load` measures the duration.
    """
    try:
        with open_audio(source, "the audio") as audio:
            return None if audio.n_declared is None else audio.n_declared / audio.rate_hz
    except (AudioDecodeError, MissingExtraError):
        return None


def _check_path(path: Path) -> None:
    if path.is_dir():
        raise AudioNotFoundError(f"{path} is a folder: give the audio files in it")
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise AudioNotFoundError(f"{path}: there is no such file; check the path") from None
    except (OSError, ValueError) as error:
        raise AudioNotFoundError(f"{path}: cannot be opened ({error})") from None
    if size == 0 and path.is_file():
        raise AudioEmptyError(f"{path} is an empty file: record or copy it again")


def _load_file(file: Path | bytes, name: str, longest_s: float) -> Speech:
    with open_audio(file, name) as audio:
        _check_rate(audio.rate_hz, name)
        if audio.n_declared is not None:
            _check_length(audio.n_declared, audio.rate_hz, name, longest_s, shortest_s=0.0)
        return _prepare(_file_blocks(audio, longest_s), audio.rate_hz, name, longest_s)


def _file_blocks(audio: OpenAudio, longest_s: float) -> Iterator[Samples]:
    """Yield blocks of shape (n, channels) to the real end, which may lie beyond the header's length."""
    limit = int((longest_s + 1) * audio.rate_hz)
    total = 0
    for block in audio.blocks:
        total += len(block)
        yield _to_unit_scale(block)
        if total > limit:
            return


def _clip_blocks(clip: Clip, longest_s: float) -> Iterator[Samples]:
    samples = clip.samples
    if samples.ndim not in (1, 2):
        raise AudioDecodeError(
            f"the clip has shape {samples.shape}: samples must be (samples,) or (samples, channels)"
        )
    if samples.dtype.kind not in "iuf":
        raise AudioDecodeError(f"the clip has samples of type {samples.dtype}: give integers or floats")
    n_samples = len(samples) if samples.size else 0
    _check_length(n_samples, clip.sample_rate_hz, "the clip", longest_s, shortest_s=0.0)
    if samples.ndim == 2 and samples.shape[1] > samples.shape[0]:
        raise AudioDecodeError(
            f"the clip has shape {samples.shape}, more channels than samples: transpose it"
        )
    frames = samples.reshape(len(samples), -1)
    for start in range(0, len(frames), _BLOCK):
        yield _to_unit_scale(frames[start : start + _BLOCK])


def _to_unit_scale(block: npt.NDArray[np.generic]) -> Samples:
    """Scale integers of any width to -1..1; unsigned ones are centred on half their range, as in WAV."""
    if block.dtype.kind == "f":
        with np.errstate(over="ignore"):  # a float64 too large becomes infinite and is reported so
            return block.astype(np.float32)
    bits = 8 * block.dtype.itemsize
    half = float(2 ** (bits - 1))
    centre = half if block.dtype.kind == "u" else 0.0
    return ((block.astype(np.float64) - centre) / half).astype(np.float32)


def _check_rate(rate_hz: int, name: str) -> None:
    if rate_hz > MAX_SOURCE_RATE_HZ:
        raise AudioDecodeError(
            f"{name} has {rate_hz:,} samples a second, over {MAX_SOURCE_RATE_HZ:,}: give 16,000 or 48,000"
        )


def _check_length(
    n_samples: int, rate_hz: int, name: str, longest_s: float, shortest_s: float = MIN_DURATION_S
) -> None:
    duration_s = n_samples / rate_hz
    if n_samples == 0:
        raise AudioEmptyError(f"{name} has no samples: record or export it again")
    if duration_s > longest_s:
        raise AudioTooLongError(
            f"{name} lasts {duration_s:.1f} s, longer than {longest_s:g} s: cut it into parts"
        )
    if duration_s < shortest_s:
        raise AudioTooShortError(
            f"{name} lasts {duration_s:.2f} s, shorter than {MIN_DURATION_S:g} s: record a whole word"
        )


def _prepare(blocks: Iterator[Samples], rate_hz: int, name: str, longest_s: float) -> Speech:
    mono, clipped_share = _mix_down(blocks)
    _check_length(len(mono), rate_hz, name, longest_s)
    if not np.isfinite(mono).all():
        bad = int(np.argmin(np.isfinite(mono)))
        raise AudioNotFiniteError(
            f"{name} has NaN or infinite samples, the first at {bad / rate_hz:.2f} s: export it again"
        )
    peak = float(max(mono.max(), -mono.min()))
    if peak > FLOAT_PEAK_LIMIT:
        raise AudioDecodeError(
            f"{name} has floating-point samples up to {peak:.0f}: scale them to -1..1, or give integers"
        )
    loud_dbfs = loudest_dbfs(mono, rate_hz)
    if loud_dbfs < SILENT_BELOW_DBFS:
        raise AudioSilentError(
            f"{name} is silent (its loudest part is at {loud_dbfs:.0f} dBFS): check the microphone"
        )
    samples = mono if rate_hz == SAMPLE_RATE_HZ else soxr.resample(mono, rate_hz, SAMPLE_RATE_HZ)
    return Speech(
        samples=np.ascontiguousarray(samples, dtype=np.float32),
        source_rate_hz=rate_hz,
        clipped_share=clipped_share,
        peak=peak,
        rms_dbfs=rms_dbfs(mono),
        loud_dbfs=loud_dbfs,
    )


def _mix_down(blocks: Iterator[Samples]) -> tuple[Samples, float]:
    """Return the mean over channels, shape (samples,), and the share of samples at full scale in any."""
    mono: list[Samples] = []
    n_clipped = n_samples = 0
    for block in blocks:
        n_clipped += int((np.abs(block) >= CLIPPED_AT).any(axis=1).sum())
        n_samples += len(block)
        with np.errstate(invalid="ignore", over="ignore"):  # values that are not finite are reported later
            mono.append(block.mean(axis=1, dtype=np.float32) if block.shape[1] > 1 else block[:, 0])
    if not mono:
        return np.zeros(0, dtype=np.float32), 0.0
    return np.concatenate(mono), n_clipped / n_samples
