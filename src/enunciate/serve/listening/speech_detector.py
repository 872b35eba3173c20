"""Finds the times at which somebody speaks by the level of the sound: voice activity detection with hangover.

A frame of 20 ms counts as loud if it is well above the noise floor, which is the level of the quietest frames
of the last seconds; speech has such frames between its syllables. Three loud frames in a row are speech, so
that a click is none. The caller chooses how long a silence ends the speech.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from enunciate.serve.listening.pcm import PcmFormat

FRAME_S = 0.02
FLOOR_S = 3.0
"""The noise floor is estimated from this many of the latest seconds."""
FLOOR_PERCENTILE = 5
ABOVE_FLOOR_DB = 10.0
LOWEST_DBFS, HIGHEST_DBFS = -55.0, -30.0
"""The threshold is never below or above these levels."""
LOUD_FRAMES = 3
"""The number of loud frames in a row that count as speech: 60 ms."""


class SpeechDetector:
    """Follows the levels of a stream of PCM; all times are seconds of the stream."""

    def __init__(self, audio_format: PcmFormat) -> None:
        self._format = audio_format
        self._frame_bytes = audio_format.frame_bytes * round(audio_format.rate_hz * FRAME_S)
        self._rest = b""
        self._levels: deque[float] = deque(maxlen=round(FLOOR_S / FRAME_S))
        self._n_frames = self._loud_run = self._n_speech = 0
        self.start_s: float | None = None
        """The time at which the first speech since the last `restart` begins; None before there is any."""
        self._silent_from_s = 0.0

    @property
    def heard_s(self) -> float:
        """Seconds heard so far."""
        return self._n_frames * FRAME_S

    @property
    def silence_s(self) -> float:
        """Seconds since the speech ended or, where there was none, since the last `restart`."""
        return self.heard_s - self._silent_from_s

    @property
    def end_s(self) -> float:
        """The time at which the last speech ended."""
        return self._silent_from_s

    @property
    def speech_s(self) -> float:
        """Seconds of loud frames since the last `restart`."""
        return self._n_speech * FRAME_S

    def restart(self) -> None:
        """Forget the speech, but not the noise floor: another utterance may follow."""
        self.start_s = None
        self._n_speech = self._loud_run = 0
        self._silent_from_s = self.heard_s

    def push(self, pcm: bytes) -> None:
        """Take the next samples, of any number of bytes."""
        data = self._rest + pcm
        whole = len(data) // self._frame_bytes * self._frame_bytes
        self._rest = data[whole:]
        samples = np.frombuffer(data[:whole], dtype="<i2").astype(np.float32) / 32768
        if not len(samples):
            return
        mono = samples.reshape(-1, self._format.channels).mean(axis=1)
        frames = mono.reshape(whole // self._frame_bytes, -1)
        power = np.square(frames - frames.mean(axis=1, keepdims=True)).mean(axis=1)
        levels: list[float] = (10 * np.log10(np.maximum(power, 1e-10))).tolist()
        for level in levels:
            self._take(level)

    def _take(self, level: float) -> None:
        self._levels.append(level)
        self._n_frames += 1
        self._loud_run = self._loud_run + 1 if level > self._threshold() else 0
        if self._loud_run < LOUD_FRAMES:
            return
        self._n_speech += LOUD_FRAMES if self._loud_run == LOUD_FRAMES else 1
        if self.start_s is None:
            self.start_s = self.heard_s - LOUD_FRAMES * FRAME_S
        self._silent_from_s = self.heard_s

    def _threshold(self) -> float:
        ordered = sorted(self._levels)
        floor = ordered[len(ordered) * FLOOR_PERCENTILE // 100]
        return min(max(floor + ABOVE_FLOOR_DB, LOWEST_DBFS), HIGHEST_DBFS)
