"""The audio of one turn: PCM that is cut as it arrives, or a file that only a decoder can read."""

from __future__ import annotations

from collections.abc import Iterator

from enunciate.serve.listening.pcm import NotPcmError, PcmFormat, read_wav_header
from enunciate.serve.listening.segmenter import Event, Segmenter, SilenceRules


class TurnAudio:
    """Takes the bytes of a stream that begins with the header of a file.

    If it is a WAV of 16-bit PCM, events tell of the silences in it. Anything else (Ogg, WebM, FLAC, ...) is
    kept until its end.
    """

    def __init__(self, rules: SilenceRules, audio_format: PcmFormat | None = None) -> None:
        """Prepare to take bytes.

        Args:
            rules: About the silences.
            audio_format: If set, the samples come without a header.
        """
        self._rules = rules
        self._start = bytearray()
        self._is_pcm = True
        self._segmenter = None if audio_format is None else Segmenter(audio_format, rules)

    @property
    def segmenter(self) -> Segmenter | None:
        """The current utterance; None for audio that is not PCM, or has not begun."""
        return self._segmenter

    @property
    def needs_decoder(self) -> bool:
        """Whether the audio is known to be a file that is not PCM."""
        return not self._is_pcm

    @property
    def n_bytes(self) -> int:
        """Bytes that are held."""
        return len(self._start) if self._segmenter is None else self._segmenter.n_bytes

    @property
    def start_s(self) -> float:
        """The time at which the current utterance begins, in seconds."""
        return 0.0 if self._segmenter is None else self._segmenter.start_s

    def push(self, data: bytes) -> Iterator[Event]:
        """Take bytes, and yield what happens in them, as `Segmenter.push` does."""
        if self._segmenter is not None:
            yield from self._segmenter.push(data)
            return
        self._start += data
        if not self._is_pcm:
            return
        try:
            header = read_wav_header(bytes(self._start))
        except NotPcmError:
            self._is_pcm = False
            return
        if header is not None:
            audio_format, first = header
            self._segmenter = Segmenter(audio_format, self._rules)
            samples = bytes(self._start[first:])
            self._start.clear()
            yield from self._segmenter.push(samples)

    def clip(self) -> bytes:
        """Return the current utterance as a file."""
        return bytes(self._start) if self._segmenter is None else self._segmenter.clip()
