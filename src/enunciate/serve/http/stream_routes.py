"""`WS /v1/stream`: a recording is assessed that is sent while it is made.

The client sends a JSON object that says what is to be read, then the audio in binary messages, then
`{"end": true}`. The service answers with `{"phrase": ...}` for each phrase (at a pause of the reading where
it can) and `{"assessment": ...}` at the end, or with `{"problem": ...}`. Another recording may follow on
the same connection.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import Response
from starlette.websockets import WebSocket

from enunciate.errors import PronunciationError
from enunciate.phones.lexicon import parse_lexicon
from enunciate.schema import Accent
from enunciate.serve.http.api_keys import is_valid, key_of
from enunciate.serve.http.clip_request import MAX_TEXT, PhoneSymbols
from enunciate.serve.http.file_listener import FileListener
from enunciate.serve.http.phrase_stream import PhraseStream
from enunciate.serve.http.problem_details import CLIP_STATUSES, ProblemError, malformed
from enunciate.serve.http.service import Service
from enunciate.serve.http.stream_admission import StreamAdmission
from enunciate.serve.http.websocket_connection import (
    IDLE_S,
    STALLED_S,
    Connection,
    serve_connection,
)
from enunciate.serve.listening.pcm import MAX_CHANNELS, MAX_RATE_HZ, MIN_RATE_HZ, PcmFormat
from enunciate.serve.listening.segmenter import PAUSE_S, Paused, SilenceRules, SpeechEnded
from enunciate.serve.listening.turn_audio import TurnAudio
from enunciate.serve.workers.messages import ClipJob

router = APIRouter()
_RIGHT = (
    '{"text": "I think so.", "rate_hz": 16000} as text, then the samples in binary messages, '
    'then {"end": true}'
)


class StreamStart(BaseModel):
    """The first message of a recording."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(max_length=MAX_TEXT)] | None = None
    """The reference text."""
    id: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Returned with the answer."""
    accent: Accent | None = None
    """The same as in an upload, like the next two fields."""
    lexicon: Annotated[str, Field(max_length=MAX_TEXT)] | None = None
    phones: PhoneSymbols = "arpabet"
    format: Literal["pcm", "file"] = "pcm"
    """`pcm`: 16-bit samples, little-endian; `file`: the bytes of a WAV, FLAC, Ogg, Opus, MP3, WebM or M4A."""
    rate_hz: Annotated[int, Field(ge=MIN_RATE_HZ, le=MAX_RATE_HZ)] = 16_000
    """Samples per second of PCM."""
    channels: Annotated[int, Field(ge=1, le=MAX_CHANNELS)] = 1
    """Channels of PCM."""
    end_silence_s: Annotated[float, Field(ge=0.2, le=60)] | None = None
    """A silence after speech that ends the recording; without it, only the client does."""
    key: str | None = None
    """The key, for a browser, which cannot send a header."""


@router.websocket("/v1/stream")
async def stream(websocket: WebSocket) -> None:
    """Serve one connection."""
    service: Service = websocket.app.state.service
    session = _StreamSession(service, authorised=not service.settings.key_hashes)

    def check(websocket: WebSocket, service: Service) -> None:
        key = key_of(websocket.headers)
        if key is not None:
            session.check_key(key)
        with service.admission.admit():
            pass

    await serve_connection(websocket, service, check=check, talk=session.talk, refuse=_refusal)


def _refusal(problem: ProblemError) -> Response:
    return problem.response(str(uuid.uuid4()))


class _StreamSession:
    """One connection."""

    def __init__(self, service: Service, *, authorised: bool) -> None:
        self._service = service
        self._authorised = authorised
        self._admission = StreamAdmission(service)

    def check_key(self, key: str | None) -> None:
        """Take note of a key; without a valid one nothing is assessed.

        Raises:
            ProblemError: it is not valid.
        """
        if self._authorised:
            return
        if key is None or not is_valid(key, self._service.settings.key_hashes):
            raise ProblemError(401, "unauthorized", "send a valid key in a header, or as key in the message")
        self._authorised = True

    async def talk(self, connection: Connection) -> None:
        """Assess one recording after another until the client leaves or does something wrong."""
        with self._admission:
            while True:
                try:
                    data = await connection.receive(IDLE_S)
                    if isinstance(data, bytes) or _is_end(data):  # the rest of a recording that is over
                        continue
                    await self._record(_parse_start(data), connection)
                except ProblemError as problem:
                    details = problem.details(str(uuid.uuid4())).model_dump()
                    await connection.send(json.dumps({"problem": details}))
                    if not self._authorised:
                        return
                finally:
                    self._admission.end()

    async def _record(self, start: StreamStart, connection: Connection) -> None:
        self.check_key(start.key)
        self._admission.begin()
        longest_s = self._service.settings.max_clip_s
        rules = SilenceRules(
            pause_s=PAUSE_S, end_s=start.end_silence_s, longest_s=longest_s, pauses_until_s=longest_s
        )
        is_pcm = start.format == "pcm"
        audio = TurnAudio(rules, PcmFormat(start.rate_hz, start.channels) if is_pcm else None)
        job = _job(start)
        phrases = PhraseStream(job, self._admission.assess, connection.send)
        listener = FileListener(rules, audio.clip, self._admission.assess, phrases.tell_at_pause)
        async with phrases, listener:
            while not await self._is_over(audio, phrases, listener, connection):
                self._admission.holds(audio.n_bytes)
        if phrases.have_been_told:
            if audio.needs_decoder:
                await listener.finish()
            job = job.model_copy(update={"by_phrase": False})
            rest = phrases.tell_rest(audio.segmenter or listener.segmenter)
            reply, _ = await asyncio.gather(self._admission.assess(job, audio.clip()), rest)
        else:
            reply = await self._admission.assess(job, audio.clip())
        code = reply.outcome.error
        if code is not None:
            raise ProblemError(CLIP_STATUSES.get(code, 422), code, reply.outcome.message)
        for line in reply.body.splitlines():
            await connection.send(line.decode())

    @staticmethod
    async def _is_over(
        audio: TurnAudio, phrases: PhraseStream, listener: FileListener, connection: Connection
    ) -> bool:
        """Take a message, and return whether the recording ends with it."""
        data = await connection.receive(STALLED_S)
        if isinstance(data, bytes):
            for event in audio.push(data):
                if isinstance(event, SpeechEnded):
                    return True
                if isinstance(event, Paused) and audio.segmenter is not None:
                    phrases.tell_at_pause(audio.segmenter)
            if audio.needs_decoder:
                listener.more()
            return listener.is_over
        if not _is_end(data):
            raise ProblemError(422, "malformed", f"a recording goes on. A right order: {_RIGHT}")
        return True


def _job(start: StreamStart) -> ClipJob:
    try:
        lexicon = None if start.lexicon is None else parse_lexicon(start.lexicon, "lexicon")
    except PronunciationError as error:
        raise ProblemError(422, error.code, str(error)) from None
    return ClipJob(
        id=start.id or str(uuid.uuid4()),
        text=start.text,
        accent=start.accent,
        lexicon=lexicon,
        ipa=start.phones == "ipa",
        by_lines=True,
    )


def _is_end(data: str) -> bool:
    try:
        value: Any = json.loads(data)
    except (ValueError, RecursionError):
        return False
    return value == {"end": True}


def _parse_start(data: str) -> StreamStart:
    try:
        return StreamStart.model_validate_json(data)
    except ValidationError as error:
        raise malformed(error, _RIGHT) from None
