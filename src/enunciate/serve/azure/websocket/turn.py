"""One turn: audio comes in, and the messages about it go out."""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from enunciate.serve.azure.response import NO_SPEECH, WithoutSpeech, without_speech
from enunciate.serve.azure.ticks import ticks
from enunciate.serve.azure.unread import unread_body
from enunciate.serve.azure.websocket.continuous_reading import LEAD_S, ContinuousReading
from enunciate.serve.azure.websocket.turn_request import BadTurnError, TurnRequest
from enunciate.serve.listening.reading_progress import FASTEST_WORDS_PER_S
from enunciate.serve.listening.segmenter import Event, InitialSilence, Paused, SpeechEnded, SpeechStarted
from enunciate.serve.listening.turn_audio import TurnAudio
from enunciate.serve.workers.messages import ClipJob
from enunciate.serve.workers.worker_process import WorkerReply

Send = Callable[[str, Mapping[str, Any] | bytes], Awaitable[None]]
"""Sends a message of the turn: its path and its body."""
Assess = Callable[[ClipJob, bytes], Awaitable[WorkerReply]]

SHORTEST_UTTERANCE_S, SHORTEST_SPEECH_S = 1.0, 0.2
"""Without a text, less audio than the one with less speech than the other is no utterance."""
_TOO_LITTLE = ("audio_empty", "audio_too_short")
"""Errors that mean that a client ended the audio before anybody spoke."""


class Turn:
    """Listens to one turn. `over` is true once all messages about it have been sent."""

    def __init__(self, request: TurnRequest, longest_s: float, send: Send, assess: Assess) -> None:
        """Prepare the turn; `begin` is to be called first.

        Args:
            request: What the client asked for.
            longest_s: The longest clip that the service takes.
            send: Sends a message.
            assess: Has a clip assessed.
        """
        self._request, self._longest_s = request, longest_s
        self._send, self._assess = send, assess
        self._audio = TurnAudio(request.silence_rules(longest_s))
        self._n_phrases = 0
        text = request.text
        self._reading = ContinuousReading(text, self._assessed) if text and request.continuous else None
        self.over = False

    @property
    def n_bytes(self) -> int:
        """Bytes that the turn holds."""
        return self._audio.n_bytes

    async def begin(self) -> None:
        """Tell the client that the turn has begun; it waits for this message."""
        await self._send("turn.start", {"context": {"serviceTag": uuid.uuid4().hex}})

    async def push(self, data: bytes) -> None:
        """Take audio; what comes after the turn is over is ignored.

        Raises:
            BadTurnError: The text or the audio cannot be assessed.
        """
        for event in self._audio.push(data):
            await self._handle(event)
            if self.over:
                return
            self._check_length()

    async def end(self) -> None:
        """Take the end of the audio.

        Raises:
            BadTurnError: The text or the audio cannot be assessed.
        """
        if self.n_bytes and self._has_more():
            await self._tell(await self._assessed())
        elif not self._n_phrases:
            await self._tell_no_speech("InitialSilenceTimeout")
        elif self._reading and self._reading.is_begun and self._request.options.enable_miscue:
            await self._tell_unread(self._reading.rest)
        if self._request.continuous:  # else the SDKs send what came after the last phrase again
            end = {"RecognitionStatus": "EndOfDictation", "Offset": ticks(self._heard_s), "Duration": 0}
            await self._send("speech.phrase", {"Id": uuid.uuid4().hex} | end)
        await self._finish()

    def _has_more(self) -> bool:
        """Whether what is left may be a reading.

        Without a text, a short sound is the end of the utterance before it, which clients send again in a
        turn of its own.
        """
        heard = self._audio.segmenter
        if heard is None:
            return True
        if self._request.text is None and heard.heard_s - heard.start_s < SHORTEST_UTTERANCE_S:
            return heard.speech_s >= SHORTEST_SPEECH_S
        return heard.has_speech or not self._n_phrases

    async def _handle(self, event: Event) -> None:
        match event:
            case SpeechStarted(at_s):
                await self._send("speech.startDetected", {"Offset": ticks(at_s)})
            case InitialSilence():
                await self._tell_no_speech("InitialSilenceTimeout")
                await self._finish()
            case Paused():
                await self._tell_if_finished()
            case SpeechEnded():
                await self._tell_utterance(await self._assessed())

    async def _tell_if_finished(self) -> None:
        """Send the result at a pause if the text has been said, or else the words said so far.

        In continuous mode, the text is that of a phrase.
        """
        segmenter, text = self._audio.segmenter, self._request.text
        if segmenter is None or text is None:
            return
        if self._reading is not None:
            reply, is_over = await self._reading.at_pause(segmenter)
        elif segmenter.speech_s < len(text.split()) / FASTEST_WORDS_PER_S:
            return
        else:
            reply = await self._assessed()
            is_over = not reply.outcome.n_unsaid
        if reply is None or reply.outcome.error is not None:
            return
        if is_over:
            await self._tell_utterance(reply)
            return
        said = " ".join(json.loads(line).get("DisplayText", "") for line in reply.body.splitlines())
        times = {"Offset": ticks(segmenter.start_s), "Duration": ticks(segmenter.heard_s - segmenter.start_s)}
        await self._send("speech.hypothesis", {"Id": uuid.uuid4().hex, "Text": said} | times)

    async def _tell_utterance(self, reply: WorkerReply) -> None:
        """Send the result of an utterance that has ended; it is the only one unless the turn goes on."""
        segmenter = self._audio.segmenter
        assert segmenter is not None
        if not self._request.continuous:  # the SDKs end the audio of a turn in which they are told of an end
            await self._send("speech.endDetected", {"Offset": ticks(segmenter.speech_end_s)})
        await self._tell(reply)
        segmenter.next_utterance(keep_s=LEAD_S if self._reading else 0.0)
        if not self._request.continuous:
            await self._finish()

    async def _assessed(self, text: str | None = None) -> WorkerReply:
        """Return the answer for the current utterance, with the text or the part of it that was given."""
        rest = self._request.text if self._reading is None else self._reading.rest
        job = ClipJob(
            id=uuid.uuid4().hex,
            text=text or rest,
            azure=self._request.options,
            by_lines=True,
            by_phrase=self._request.continuous and self._request.text is not None,
            start_s=self._audio.start_s,
        )
        return await self._assess(job, self._audio.clip())

    async def _tell(self, reply: WorkerReply) -> None:
        error = reply.outcome.error
        if error is None:
            for line in reply.body.splitlines():
                self._n_phrases += 1
                await self._send("speech.phrase", b'{"Id":"%s",%s' % (uuid.uuid4().hex.encode(), line[1:]))
        elif error in NO_SPEECH or error in _TOO_LITTLE:
            await self._tell_no_speech(NO_SPEECH.get(error, "NoMatch"))
        else:
            raise BadTurnError(reply.outcome.message)

    async def _tell_unread(self, text: str) -> None:
        body = unread_body(text, self._request.options, self._heard_s)
        await self._send("speech.phrase", {"Id": uuid.uuid4().hex} | body)

    async def _tell_no_speech(self, status: WithoutSpeech) -> None:
        if self._request.continuous and self._n_phrases:
            return
        self._n_phrases += 1
        await self._send("speech.phrase", without_speech(status, self._heard_s) | {"Id": uuid.uuid4().hex})

    @property
    def _heard_s(self) -> float:
        return self._audio.segmenter.heard_s if self._audio.segmenter else 0.0

    async def _finish(self) -> None:
        self.over = True
        await self._send("turn.end", {})

    def _check_length(self) -> None:
        segmenter = self._audio.segmenter
        if segmenter and segmenter.has_speech and segmenter.heard_s - segmenter.start_s > self._longest_s:
            raise BadTurnError(
                f"the reading lasts longer than {self._longest_s:g} s: read the text in parts or, "
                "in continuous recognition, pause after sentences"
            )
