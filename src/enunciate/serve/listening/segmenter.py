"""Cuts a stream of PCM into utterances, by rules about the silences in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from enunciate.serve.listening.pcm import PcmFormat
from enunciate.serve.listening.speech_detector import SpeechDetector

PIECE_S = 0.1
"""The rules are applied after each piece of this length, however much audio one message has."""
KEPT_SILENCE_S = 2.0
"""Seconds of silence that are kept before speech where the rules set no limit to that silence."""
SHORT_READING_S = 15.0
"""The longest reading, in seconds, that is assessed at each pause; a longer one would take too long."""
PAUSE_S = 0.2
"""The silence after speech at which a phrase of a reading may be over, where the client asks for no other."""
LONG_PAUSE_S = 3.0
"""The silence at which a pause is reported in a long reading."""


@dataclass(frozen=True)
class SilenceRules:
    """Limits, in seconds, to silences and to an utterance; a rule that is None does not apply."""

    initial_s: float | None = None
    """A silence before any speech."""
    pause_s: float | None = None
    """A silence after speech at which the utterance may be over."""
    end_s: float | None = None
    """A silence after speech at which it is over."""
    longest_s: float | None = None
    """Length at which an utterance is cut, speech or not."""
    pauses_until_s: float = SHORT_READING_S
    """In a reading that is longer than this, only pauses of `LONG_PAUSE_S` are reported."""


@dataclass(frozen=True)
class SpeechStarted:
    """Speech begins at `at_s`."""

    at_s: float


@dataclass(frozen=True)
class Paused:
    """A pause after speech that ended at `at_s`."""

    at_s: float


@dataclass(frozen=True)
class SpeechEnded:
    """The utterance is over; its speech ended at `at_s`."""

    at_s: float


@dataclass(frozen=True)
class InitialSilence:
    """Nobody has spoken until `at_s`."""

    at_s: float


Event = SpeechStarted | Paused | SpeechEnded | InitialSilence


class Segmenter:
    """Holds the samples of the current utterance. All times are seconds from the start of the stream."""

    def __init__(self, audio_format: PcmFormat, rules: SilenceRules) -> None:
        self._format, self._rules = audio_format, rules
        self._detector = SpeechDetector(audio_format)
        self._pcm = bytearray()
        self._started = False
        self._pauses_told = 0
        self._n_taken = 0
        self.start_s = 0.0
        """The time at which the current utterance begins, with the silence before it."""

    @property
    def heard_s(self) -> float:
        """Seconds taken so far."""
        return self._n_taken / self._format.bytes_per_s

    @property
    def n_bytes(self) -> int:
        """Bytes that are held."""
        return len(self._pcm)

    @property
    def has_speech(self) -> bool:
        """Whether anything in the current utterance sounds like speech."""
        return self._detector.start_s is not None

    @property
    def speech_s(self) -> float:
        """Seconds of speech in the current utterance, without its pauses."""
        return self._detector.speech_s

    @property
    def speech_end_s(self) -> float:
        """The time at which the last speech ended."""
        return self._detector.end_s

    def clip(self, from_s: float | None = None) -> bytes:
        """Return the current utterance, or what of it begins at `from_s`, as a WAV file."""
        skipped_s = 0.0 if from_s is None else max(0.0, from_s - self.start_s)
        first = round(skipped_s * self._format.rate_hz) * self._format.frame_bytes
        end = len(self._pcm) // self._format.frame_bytes * self._format.frame_bytes
        return self._format.wav(bytes(self._pcm[first:end]))

    def next_utterance(self, keep_s: float = 0.0) -> None:
        """Discard the current utterance, less the last `keep_s` seconds, and begin the next one."""
        kept = min(self.n_bytes, round(keep_s * self._format.rate_hz) * self._format.frame_bytes)
        del self._pcm[: self.n_bytes - kept]
        self.start_s = self.heard_s - kept / self._format.bytes_per_s
        self._detector.restart()
        self._started, self._pauses_told = False, 0

    def push(self, pcm: bytes) -> Iterator[Event]:
        """Take samples, and yield what happens in them.

        The caller may call `clip` and `next_utterance` at an event, before it takes the next one.
        """
        size = max(1, round(self._format.rate_hz * PIECE_S)) * self._format.frame_bytes
        for start in range(0, len(pcm), size):
            piece = pcm[start : start + size]
            self._pcm += piece
            self._n_taken += len(piece)
            self._detector.push(piece)
            yield from self._events()
            self._forget_silence()

    def _events(self) -> Iterator[Event]:
        detector, rules = self._detector, self._rules
        length_s = self.n_bytes / self._format.bytes_per_s
        if detector.start_s is None:
            if rules.initial_s is not None and detector.silence_s >= rules.initial_s:
                yield InitialSilence(self.heard_s)
            return
        if not self._started:
            self._started = True
            yield SpeechStarted(detector.start_s)
        if detector.silence_s < PIECE_S:
            self._pauses_told = 0
        ended = rules.end_s is not None and detector.silence_s >= rules.end_s
        if ended or (rules.longest_s is not None and length_s >= rules.longest_s):
            yield SpeechEnded(detector.end_s)
        elif self._is_pause(length_s):
            yield Paused(detector.end_s)

    def _is_pause(self, length_s: float) -> bool:
        pause_s, silence_s = self._rules.pause_s, self._detector.silence_s
        if pause_s is None:
            return False
        long_s = max(LONG_PAUSE_S, pause_s)
        told = (silence_s >= pause_s and length_s <= self._rules.pauses_until_s) + (silence_s >= long_s)
        if told <= self._pauses_told:
            return False
        self._pauses_told = told
        return True

    def _forget_silence(self) -> None:
        if self.has_speech or self._rules.initial_s is not None:
            return
        beyond = self.n_bytes - round(KEPT_SILENCE_S * self._format.rate_hz) * self._format.frame_bytes
        if beyond >= self._format.bytes_per_s:
            beyond -= beyond % self._format.frame_bytes
            del self._pcm[:beyond]
            self.start_s += beyond / self._format.bytes_per_s
