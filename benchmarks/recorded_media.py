"""Recordings as phones and browsers make them: WebM with Opus, M4A with AAC."""

from __future__ import annotations

import io
import itertools

import numpy as np

_CODECS = {"webm": "libopus", "matroska": "pcm_f32le"}
_IN_FRAGMENTS = {
    "mp4": {"movflags": "empty_moov+default_base_moof", "frag_duration": "500000"},
    "webm": {"live": "1"},
}


def recorded(
    samples: np.ndarray,
    rate_hz: int,
    container: str,
    *,
    in_fragments: bool = False,
    bit_rate: int = 96_000,
    codec: str | None = None,
    options: dict[str, str] | None = None,
) -> bytes:
    """Return mono samples as `webm`, `mp4`, `adts` or `matroska`; Opus has 48,000 samples a second.

    With `in_fragments`, the file is as browsers write it, who do not know its end: an MP4 is cut every half a
    second. `codec` takes the place of Opus in WebM and AAC in the others.
    """
    import av  # whoever needs no such recording does without it

    codec = codec or _CODECS.get(container, "aac")
    encoded_hz = 48_000 if codec == "libopus" else rate_hz
    file = io.BytesIO()
    flags = _IN_FRAGMENTS.get(container, {}) if in_fragments else {}
    with av.open(file, "w", format=container, options=flags | (options or {})) as out:
        stream = out.add_stream(codec, rate=encoded_hz)
        stream.layout, stream.bit_rate = "mono", bit_rate
        form = "fltp" if codec == "aac" else "flt"
        resampler = av.AudioResampler(format=form, layout="mono", rate=encoded_hz)
        for start in range(0, len(samples), rate_hz):
            block = np.ascontiguousarray(samples[None, start : start + rate_hz], dtype=np.float32)
            frame = av.AudioFrame.from_ndarray(block, format="flt", layout="mono")
            frame.sample_rate = rate_hz
            for part in resampler.resample(frame):
                out.mux(stream.encode(part))
        for part in resampler.resample(None):
            out.mux(stream.encode(part))
        out.mux(stream.encode(None))
    return file.getvalue()


def pieces_by_time(data: bytes, piece_s: float) -> list[tuple[bytes, float]]:
    """Return a WebM or an MP4 in fragments in pieces, each with the time at which a recorder has written it.

    The pieces of a WebM last `piece_s` seconds; those of an MP4 are its fragments.
    """
    import av

    with av.open(io.BytesIO(data)) as file:
        packets = [
            (packet.pos, float((packet.pts + packet.duration) * packet.time_base))
            for packet in file.demux(file.streams.audio[0])
            if packet.pos is not None and packet.pts is not None
        ]
    in_fragments = data[4:8] == b"ftyp"
    pieces: list[tuple[bytes, float]] = []
    start, from_s = 0, 0.0
    for (position, end_s), (following, _) in itertools.pairwise(packets):
        moof = data.find(b"moof", position, following) - 4
        end = (moof if moof > 0 else None) if in_fragments else following
        if end is not None and end_s - from_s >= (0 if in_fragments else piece_s):
            pieces.append((data[start:end], end_s))
            start, from_s = end, end_s
    return [*pieces, (data[start:], packets[-1][1])]
