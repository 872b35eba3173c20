"""The phrases of a reading, told while the learner is still reading."""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable

from enunciate.schema import PhraseResult
from enunciate.serve.http.problem_details import ProblemError
from enunciate.serve.listening.reading_progress import (
    LATEST_S,
    Candidate,
    ReadingProgress,
    missing_at_the_end,
)
from enunciate.serve.listening.segmenter import Segmenter
from enunciate.serve.workers.messages import ClipJob
from enunciate.serve.workers.worker_process import WorkerReply

Assess = Callable[[ClipJob, bytes], Awaitable[WorkerReply]]
Send = Callable[[str], Awaitable[None]]
_LEAD_S = 0.1
"""Seconds of silence that are kept before the next phrase."""


class PhraseStream:
    """Tells the phrases of one reading of PCM."""

    def __init__(self, whole: ClipJob, assess: Assess, send: Send) -> None:
        """Prepare to tell phrases.

        Args:
            whole: The job of the whole reading; without a text, there are no phrases before its end.
            assess: Has a clip assessed.
            send: Sends a message.
        """
        self._progress = ReadingProgress(whole.text or "")
        self._whole, self._assess, self._send = whole, assess, send

    @property
    def have_been_told(self) -> bool:
        """Whether any phrase was told."""
        return self._progress.has_told

    async def tell_at_pause(self, heard: Segmenter | None) -> None:
        """At a pause, tell the phrase that ended with it, if one did."""
        if heard is None:
            return
        progress, speech_s, end_s = self._progress, heard.speech_s, heard.speech_end_s
        pause_s = max(end_s, heard.heard_s - _LEAD_S)
        missing = 0
        for candidate in progress.candidates(speech_s):
            phrases = await self._phrases(candidate, heard)
            missing = missing_at_the_end(phrases)
            if phrases and not missing and end_s - progress.cut_s - phrases[-1].end_s <= LATEST_S:
                await self._tell(phrases, candidate)
                progress.accept(candidate, speech_s, pause_s)
                return
        progress.put_off(speech_s, missing)

    async def tell_rest(self, heard: Segmenter | None) -> None:
        """At the end of the recording, tell what was not told at a pause."""
        rest = self._progress.rest
        if heard and rest and (phrases := await self._phrases(rest, heard)):
            await self._tell(phrases, rest)

    async def _phrases(self, candidate: Candidate, heard: Segmenter) -> list[PhraseResult]:
        """Return the phrases of the audio since the last one; none where it is not fit to be assessed."""
        text = self._progress.text_of(candidate)
        job = self._whole.model_copy(update={"id": str(uuid.uuid4()), "text": text})
        try:
            reply = await self._assess(job, heard.clip(self._progress.cut_s))
        except ProblemError:  # the service is full, say: the phrase will be told at the end
            return []
        lines = [json.loads(line) for line in reply.body.splitlines()]
        return [PhraseResult.model_validate(line["phrase"]) for line in lines if "phrase" in line]

    async def _tell(self, phrases: list[PhraseResult], candidate: Candidate) -> None:
        for phrase in self._progress.told(phrases, candidate, self._progress.cut_s):
            await self._send(f'{{"phrase":{phrase.model_dump_json()}}}')
