"""Bodies of requests, read into memory under limits: multipart forms and JSON, to clips and their texts."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema
from pydantic_core import from_json
from starlette.requests import Request

from enunciate.errors import PronunciationError
from enunciate.phones.inventory import parse_phones
from enunciate.schema import ReferenceWord
from enunciate.serve.http.forms import Part, parse_form
from enunciate.serve.http.problems import ProblemError
from enunciate.serve.http.settings import Settings
from enunciate.serve.workers.wire import Job

MAX_TEXT = 5_000
"""Characters; a minute of fast speech has under 2,000."""
_OVERHEAD = 100_000
"""Bytes that a body may have besides audio."""
_MAX_VALUES = 100_000
"""Commas, colons and brackets of a JSON body: of few bytes each, they would fill hundreds of megabytes."""


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Word(_Request):
    """A word to read, and how it is said."""

    text: Annotated[str, Field(min_length=1, max_length=100)]
    phones: Annotated[list[str], Field(min_length=1, max_length=50)]
    """ARPAbet, stress digits optional."""


Text = Annotated[str, Field(max_length=MAX_TEXT)]
Words = Annotated[list[Word], Field(min_length=1, max_length=500)]
Id = Annotated[str, Field(min_length=1, max_length=200)]


class ClipRequest(_Request):
    """One clip to assess."""

    audio: Annotated[str | bytes, WithJsonSchema({"type": "string", "contentEncoding": "base64"})]
    """An audio file (WAV, FLAC, Ogg, Opus, MP3): in JSON in base64, in a form as it is."""
    text: Text | None = None
    """What was to be read; a word can carry its pronunciation, as in `tomato{T AH M EY T OW}`."""
    words: Words | None = None
    """In place of `text`: words with the phones to score against."""
    id: Id | None = None
    """Comes back in the answer; made up where it is left out."""


@dataclass(frozen=True)
class Upload:
    """A clip, and what to do with it."""

    job: Job
    audio: bytes


async def read_body(request: Request, limit: int, settings: Settings, hold: Callable[[int], None]) -> bytes:
    """Read a body, and stop as soon as it is too large.

    Args:
        request: whose.
        limit: in bytes.
        settings: with the time limit.
        hold: told how many bytes have come; may raise, where memory is short.

    Raises:
        ProblemError: too large, or not all there in time.
    """
    too_large = ProblemError(413, "body_too_large", f"the body is larger than {limit:,} bytes")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > limit:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(settings.upload_s):
            async for chunk in request.stream():
                if len(body) + len(chunk) > limit:
                    raise too_large
                hold(len(chunk))
                body += chunk
    except TimeoutError:
        detail = f"the body was not all there after {settings.upload_s:g} s"
        raise ProblemError(408, "body_too_slow", detail) from None
    return bytes(body)


async def read_uploads(
    request: Request, settings: Settings, hold: Callable[[int], None], *, many: bool
) -> list[Upload | ProblemError]:
    """The clips of a request, at least one, or what is wrong with a clip; alone, a wrong one is raised.

    What breaks the form of the request is always raised; audio or phones that cannot be used are not.

    Args:
        request: multipart, or JSON.
        settings: with the limits.
        hold: as of `read_body`.
        many: whether there may be several; the JSON is a list then.

    Raises:
        ProblemError: the request breaks a limit, or cannot be understood.
    """
    content_type = request.headers.get("content-type", "")
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == "multipart/form-data":
        body = await read_body(request, settings.max_bytes + _OVERHEAD, settings, hold)
        clips = _clips_of_form(parse_form(content_type, body))
    elif media_type == "application/json":
        body = await read_body(request, settings.max_bytes * 4 // 3 + _OVERHEAD, settings, hold)
        clips = _clips_of_json(body, many=many)
    else:
        raise ProblemError(415, "media_type", "send multipart/form-data or application/json")
    most = settings.max_batch if many else 1
    if not 1 <= len(clips) <= most:
        raise ProblemError(422, "malformed", f"there are {len(clips)} clips: send 1 to {most}")
    request_id: str = request.state.request_id
    uploads = [
        _upload(
            _asked(clip, index if many else None), f"{request_id}-{index}" if len(clips) > 1 else request_id
        )
        for index, clip in enumerate(clips)
    ]
    if sum(len(upload.audio) for upload in uploads if isinstance(upload, Upload)) > settings.max_bytes:
        raise ProblemError(413, "body_too_large", f"the audio is larger than {settings.max_bytes:,} bytes")
    if not many and isinstance(uploads[0], ProblemError):
        raise uploads[0]
    return uploads


def _clips_of_json(body: bytes, *, many: bool) -> list[Any]:
    if sum(map(body.count, (b",", b":", b"[", b"{"))) > _MAX_VALUES:
        raise ProblemError(413, "body_too_large", "the JSON has too many values")
    try:
        value: Any = from_json(body)
    except ValueError as error:
        raise ProblemError(400, "malformed", f"the body is not JSON: {error}") from None
    if many != isinstance(value, list):
        raise ProblemError(422, "malformed", f"the body must be {'a list' if many else 'an object'}")
    return cast("list[Any]", value) if many else [value]


def _clips_of_form(parts: Sequence[Part]) -> list[Any]:
    """A field that is there once holds for all clips; one for each clip are taken in order."""
    found: dict[str, list[bytes]] = {name: [] for name in ClipRequest.model_fields}
    for part in parts:
        if part.name not in found:
            raise ProblemError(422, "malformed", f"a part of the form is none of {', '.join(found)}")
        found[part.name].append(bytes(part.content))
    count = len(found["audio"])
    for name, values in found.items():
        if len(values) not in {0, 1, count} or (name == "id" and len(values) not in {0, count}):
            raise ProblemError(
                422, "malformed", f"the form has {count} of 'audio' and {len(values)} of '{name}'"
            )
    return [
        {name: values[index if len(values) > 1 else 0] for name, values in found.items() if values}
        for index in range(count)
    ]


def _asked(clip: Any, index: int | None) -> ClipRequest:
    """Check what came: from a form, everything is bytes, and words are JSON; from JSON, audio is base64."""
    try:
        return ClipRequest.model_validate(_with_words(clip))
    except ValidationError as error:
        within = () if index is None else (index,)
        said = [_said((*within, *found["loc"]), found["msg"]) for found in error.errors()[:5]]
        raise ProblemError(422, "malformed", "; ".join(said)) from None


def _upload(asked: ClipRequest, default_id: str) -> Upload | ProblemError:
    try:
        words = None if asked.words is None else tuple(map(_reference, asked.words))
        job = Job(id=asked.id or default_id, text=asked.text, words=words)
        return Upload(job, asked.audio if isinstance(asked.audio, bytes) else _decoded(asked.audio))
    except PronunciationError as error:
        return ProblemError(422, error.code, str(error))
    except ProblemError as error:
        return error


def _with_words(clip: Any) -> Any:
    fields = cast("dict[str, Any]", clip) if isinstance(clip, dict) else {}
    if not isinstance(fields.get("words"), bytes):
        return cast(Any, clip)
    try:
        return fields | {"words": from_json(fields["words"])}
    except ValueError as error:
        raise ProblemError(422, "malformed", f"words: not JSON ({error})") from None


def _decoded(audio: str) -> bytes:
    try:
        return base64.b64decode(audio, validate=True)
    except ValueError as error:
        raise ProblemError(422, "malformed", f"audio: not base64 ({error})") from None


def _reference(word: Word) -> ReferenceWord:
    return ReferenceWord(text=word.text, phones=parse_phones(word.phones, f"words: {word.text}"))


def _said(where: Sequence[str | int], what: str) -> str:
    return f"{'.'.join(map(str, where))}: {what}" if where else what
