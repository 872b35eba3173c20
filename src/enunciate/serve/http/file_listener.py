"""A compressed recording that is heard while it arrives, so that its phrases need not wait for its end.

This process decodes nothing. A worker decodes what there is so far, again and again: seldom enough that this
costs a small share of its time, however long the recording is.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable

from enunciate.serve.http.problem_details import ProblemError
from enunciate.serve.listening.pcm import PcmFormat
from enunciate.serve.listening.segmenter import Paused, Segmenter, SilenceRules, SpeechEnded
from enunciate.serve.workers.messages import ClipJob
from enunciate.serve.workers.worker_process import WorkerReply

INTERVAL_S = 0.2
"""Seconds between two decodings of a short recording; fewer where a silence will be a pause before that."""
SHARE = 5
"""The pause after a decoding is at least this many times as long as the decoding itself."""
TAIL_S = 0.03
"""Seconds at the end of what has arrived that are left for the next decoding, because resampling them needs
the samples that follow."""
_GIVE_UP = ("crashed", "timeout", "internal")
"""Problems after which a recording is not decoded again before its end."""


class FileListener:
    """Listens to one recording; a context that lasts as long as the recording."""

    def __init__(
        self,
        rules: SilenceRules,
        clip: Callable[[], bytes],
        assess: Callable[[ClipJob, bytes], Awaitable[WorkerReply]],
        at_pause: Callable[[Segmenter], None],
    ) -> None:
        """Prepare to listen.

        Args:
            rules: Which silences end something.
            clip: Returns what there is of the recording.
            assess: Has a worker take a job.
            at_pause: Called at each pause in the reading.
        """
        self.segmenter, self._rules = Segmenter(PcmFormat(), rules), rules
        self.is_over = False
        """Whether a silence has ended the recording."""
        self._clip, self._assess, self._at_pause = clip, assess, at_pause
        self._arrived = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None

    async def __aenter__(self) -> FileListener:
        return self

    async def __aexit__(self, *_: object) -> None:
        task, self._listening = self._listening, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled():
                task.result()

    def more(self) -> None:
        """Say that more of the recording has arrived."""
        self._arrived.set()
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen())

    async def finish(self) -> None:
        """Listen to the recording to its end."""
        await self._hear(0.0)

    async def _listen(self) -> None:
        while not self.is_over:
            await self._arrived.wait()
            self._arrived.clear()
            began = time.monotonic()
            try:
                await self._hear(TAIL_S)
            except ProblemError as problem:  # the service is full, say: it will be heard later
                if problem.code in _GIVE_UP:
                    return
            await asyncio.sleep(max(self._next_s(), SHARE * (time.monotonic() - began)))

    def _next_s(self) -> float:
        """Return in how many seconds something may happen."""
        heard, pause_s = self.segmenter, self._rules.pause_s
        if pause_s is None or not heard.has_speech:
            return INTERVAL_S
        rest_s = pause_s - (heard.heard_s - heard.speech_end_s)
        return min(INTERVAL_S, rest_s + TAIL_S) if rest_s > 0 else INTERVAL_S

    async def _hear(self, tail_s: float) -> None:
        """Take the new samples, except those of the tail.

        Raises:
            ProblemError: They could not be decoded now.
        """
        job = ClipJob(id=str(uuid.uuid4()), samples_from_s=self.segmenter.heard_s, can_wait=True)
        reply = await self._assess(job, self._clip())
        n_bytes = len(reply.body) - round(tail_s * PcmFormat().rate_hz) * PcmFormat().frame_bytes
        for event in self.segmenter.push(reply.body[: max(0, n_bytes)]):
            if isinstance(event, SpeechEnded):
                self.is_over = True
            elif isinstance(event, Paused):
                self._at_pause(self.segmenter)
