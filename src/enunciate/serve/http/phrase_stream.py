"""The results of the phrases of a reading, sent while the learner is still reading."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Sequence

from enunciate.schema import PhraseResult
from enunciate.serve.http.problem_details import ProblemError
from enunciate.serve.listening.reading_progress import (
    LATEST_S,
    Candidate,
    ReadingProgress,
    n_unsaid,
)
from enunciate.serve.listening.segmenter import Segmenter
from enunciate.serve.workers.messages import ClipJob
from enunciate.serve.workers.worker_process import WorkerReply

Assess = Callable[[ClipJob, bytes], Awaitable[WorkerReply]]
Send = Callable[[str], Awaitable[None]]
_LEAD_S = 0.1
"""Seconds of silence that are kept before the next phrase."""


class PhraseStream:
    """Sends the results of the phrases of one reading in PCM; a context that lasts as long as the recording.

    A phrase is assessed while more of the recording arrives. One that is not heard when the recording ends is
    given up, and told with the rest.
    """

    def __init__(self, whole: ClipJob, assess: Assess, send: Send) -> None:
        """Prepare to send results.

        Args:
            whole: The job of the whole reading; without a text, there are no phrases before its end.
            assess: Has a clip assessed.
            send: Sends a message.
        """
        self._progress = ReadingProgress(whole.text or "")
        self._whole, self._assess, self._send = whole, assess, send
        self._hearing: asyncio.Task[None] | None = None
        self._is_telling = False

    @property
    def have_been_told(self) -> bool:
        """Whether the result of any phrase was sent."""
        return self._progress.has_told

    async def __aenter__(self) -> PhraseStream:
        return self

    async def __aexit__(self, *_: object) -> None:
        task, self._hearing = self._hearing, None
        if task is None:
            return
        if not self._is_telling:
            task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()

    def tell_at_pause(self, heard: Segmenter) -> None:
        """Start to assess the phrase that ended at a pause, if one did; its result follows soon."""
        if self._hearing is not None:
            if not self._hearing.done():
                return
            self._hearing.result()
        progress, speech_s = self._progress, heard.speech_s
        if candidates := progress.candidates(speech_s):
            end_s, pause_s = heard.speech_end_s, max(heard.speech_end_s, heard.heard_s - _LEAD_S)
            clip = heard.clip(progress.cut_s)
            hearing = self._hear(candidates, clip, speech_s=speech_s, end_s=end_s, pause_s=pause_s)
            self._hearing = asyncio.create_task(hearing)

    async def tell_rest(self, heard: Segmenter | None) -> None:
        """Send the results that were not sent at a pause; called at the end of the recording."""
        rest = self._progress.rest
        if heard and rest:
            await self._tell(await self._phrases(rest, heard.clip(self._progress.cut_s)), rest)

    async def _hear(
        self, candidates: Sequence[Candidate], clip: bytes, *, speech_s: float, end_s: float, pause_s: float
    ) -> None:
        """Find which candidate was said, if any, and send its result."""
        progress, missing = self._progress, 0
        for candidate in candidates:
            phrases = await self._phrases(candidate, clip, can_wait=True)
            missing = n_unsaid([word for phrase in phrases for word in phrase.words])
            if phrases and not missing and end_s - progress.cut_s - phrases[-1].end_s <= LATEST_S:
                self._is_telling = True
                await self._tell(phrases, candidate)
                progress.accept(candidate, speech_s, pause_s)
                self._is_telling = False
                return
        progress.put_off(speech_s, missing)

    async def _phrases(
        self, candidate: Candidate, clip: bytes, *, can_wait: bool = False
    ) -> list[PhraseResult]:
        """Return the phrases of the audio since the last one; none where the audio cannot be assessed."""
        text = self._progress.text_of(candidate)
        job = self._whole.model_copy(update={"id": str(uuid.uuid4()), "text": text, "can_wait": can_wait})
        try:
            reply = await self._assess(job, clip)
        except ProblemError:  # the service is full, say: the phrase will be told at the end
            return []
        lines = [json.loads(line) for line in reply.body.splitlines()]
        return [PhraseResult.model_validate(line["phrase"]) for line in lines if "phrase" in line]

    async def _tell(self, phrases: Sequence[PhraseResult], candidate: Candidate) -> None:
        for phrase in self._progress.told(phrases, candidate, self._progress.cut_s):
            await self._send(f'{{"phrase":{phrase.model_dump_json()}}}')
