"""Continuous recognition of a reading: each phrase is reported at the pause after it.

Its audio is then discarded, so that a reading may last longer than the longest clip that the service
takes; its phrases may not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from enunciate.serve.listening.reading_progress import (
    FASTEST_WORDS_PER_S,
    LATEST_S,
    Candidate,
    ReadingProgress,
)
from enunciate.serve.listening.segmenter import Segmenter
from enunciate.serve.workers.worker_process import WorkerReply

Assess = Callable[[str], Awaitable[WorkerReply]]
"""Assesses the audio of the current utterance against a part of the text."""
LEAD_S = 0.1
"""Seconds of silence that are kept before the next phrase."""


class ContinuousReading:
    """Follows one reading, and starts over when the whole text has been read."""

    def __init__(self, text: str, assess: Assess) -> None:
        self._text, self._assess = text, assess
        self._progress = ReadingProgress(text)
        self._spoken_s = 0.0

    @property
    def rest(self) -> str:
        """The part of the text that has not been reported yet; never empty."""
        rest = self._progress.rest
        return self._text if rest is None else self._progress.text_of(rest).strip()

    @property
    def is_begun(self) -> bool:
        """Whether a part of the text, but not all of it, has been reported."""
        return self.rest != self._text

    async def at_pause(self, heard: Segmenter) -> tuple[WorkerReply | None, bool]:
        """Assess what may have been said since the last phrase.

        Returns:
            The answer, if there is one, and whether its phrase is complete. If it is, so is the current
            utterance of `heard`.
        """
        progress, speech_s = self._progress, self._spoken_s + heard.speech_s
        heard_s = heard.speech_end_s - heard.start_s
        latest, n_unsaid = None, 0
        candidates = self._candidates(heard.speech_s)
        for candidate in candidates:
            reply = await self._assess(progress.text_of(candidate))
            outcome = reply.outcome
            if outcome.error is not None:
                continue
            if not outcome.n_unsaid and heard_s - outcome.speech_end_s <= LATEST_S:
                self._accept(candidate, speech_s, heard.heard_s)
                return reply, True
            latest, n_unsaid = reply, outcome.n_unsaid
        if candidates:
            progress.put_off(speech_s, n_unsaid)
        return latest, False

    def _candidates(self, speech_s: float) -> list[Candidate]:
        """Return what may have been said, most likely first; the rest of the text comes last."""
        candidates = self._progress.candidates(self._spoken_s + speech_s)
        rest = self._progress.rest
        assert rest is not None
        if rest.n_words <= speech_s * FASTEST_WORDS_PER_S and rest not in candidates:
            candidates.append(rest)
        return candidates

    def _accept(self, candidate: Candidate, speech_s: float, pause_s: float) -> None:
        self._progress.accept(candidate, speech_s, pause_s)
        self._spoken_s = speech_s
        rest = self._progress.rest
        if rest is None or not any(sign.isalnum() for sign in self._progress.text_of(rest)):
            self._progress, self._spoken_s = ReadingProgress(self._text), 0.0
