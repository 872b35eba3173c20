"""Uploads: clips and their reference texts, read from a multipart form or JSON."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from pydantic import ValidationError
from pydantic_core import from_json
from starlette.requests import Request

from enunciate.errors import PronunciationError
from enunciate.phones.inventory import parse_phones
from enunciate.phones.lexicon import parse_lexicon
from enunciate.schema import ReferenceWord
from enunciate.serve.http.clip_request import ClipRequest, WordRequest
from enunciate.serve.http.multipart import FormPart, parse_form
from enunciate.serve.http.problem_details import ProblemError, malformed
from enunciate.serve.http.request_body import read_body
from enunciate.serve.settings import ServiceSettings
from enunciate.serve.workers.messages import ClipJob

_OVERHEAD = 100_000
"""Maximum bytes of a body in addition to its audio."""
_RIGHT_FORM = "curl -F audio=@clip.wav --form-string 'text=I think so.' http://127.0.0.1:8000/v1/assessments"
_RIGHT_JSON = '{"audio": "UklGR...", "text": "I think so."}, with the file in base64 as audio'
_MAX_VALUES = 100_000
"""Maximum number of commas, colons and brackets in a JSON body; with more, the parsed body could fill
hundreds of megabytes."""


@dataclass(frozen=True)
class Upload:
    """A clip, and what to do with it."""

    job: ClipJob
    audio: bytes


async def read_uploads(
    request: Request, settings: ServiceSettings, count_bytes: Callable[[int], None], *, many: bool
) -> list[Upload | ProblemError]:
    """Read the clips of a request.

    A clip whose audio or phones cannot be used is returned as a `ProblemError`, unless it is the only clip.
    That one, and anything else that is wrong, is raised.

    Args:
        request: a multipart form or JSON.
        settings: has the limits.
        count_bytes: as `read_body` takes it.
        many: whether several clips are allowed; the JSON is a list then.

    Raises:
        ProblemError: the request exceeds a limit, or is malformed.
    """
    content_type = request.headers.get("content-type", "")
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == "multipart/form-data":
        body = await read_body(request, settings.max_bytes + _OVERHEAD, settings, count_bytes)
        clips = _clips_of_form(parse_form(content_type, body))
    elif media_type == "application/json":
        body = await read_body(request, settings.max_bytes * 4 // 3 + _OVERHEAD, settings, count_bytes)
        clips = _clips_of_json(body, many=many)
    else:
        raise ProblemError(
            415, "media_type", f"send multipart/form-data or application/json, such as {_RIGHT_FORM}"
        )
    most = settings.max_batch if many else 1
    right = _RIGHT_FORM if media_type == "multipart/form-data" else _RIGHT_JSON
    if not 1 <= len(clips) <= most:
        number = f"the request has {len(clips)} fields audio, one for each clip: send 1 to {most}"
        raise ProblemError(422, "malformed", f"{number}, such as {right}")
    requests = [_validated(clip, index if many else None, right) for index, clip in enumerate(clips)]
    request_id: str = request.state.request_id
    ids = [f"{request_id}-{index}" for index in range(len(clips))] if len(clips) > 1 else [request_id]
    uploads = [_upload(clip, default_id) for clip, default_id in zip(requests, ids, strict=True)]
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


def _clips_of_form(parts: Sequence[FormPart]) -> list[Any]:
    """Return a mapping for each clip. A field that occurs once applies to all of them."""
    values_of: dict[str, list[bytes]] = {name: [] for name in ClipRequest.model_fields}
    for part in parts:
        if part.name not in values_of:
            raise ProblemError(
                422,
                "malformed",
                f"{part.name[:50]!r} is no field of the form, which may have {', '.join(values_of)}. "
                f"A right request: {_RIGHT_FORM}",
            )
        values_of[part.name].append(bytes(part.content))
    count = len(values_of["audio"])
    for name, values in values_of.items():
        if len(values) not in {0, 1, count} or (name == "id" and len(values) not in {0, count}):
            raise ProblemError(
                422, "malformed", f"the form has {count} fields 'audio' but {len(values)} fields '{name}'"
            )
    return [
        {name: values[index if len(values) > 1 else 0] for name, values in values_of.items() if values}
        for index in range(count)
    ]


def _validated(clip: Any, index: int | None, right: str) -> ClipRequest:
    """Validate a clip; in a form all values are bytes and `words` is JSON, in JSON `audio` is base64."""
    try:
        return ClipRequest.model_validate(_with_words_parsed(clip))
    except ValidationError as error:
        raise malformed(error, right, index=index) from None


def _with_words_parsed(clip: Any) -> Any:
    fields = cast("dict[str, Any]", clip) if isinstance(clip, dict) else {}
    if not isinstance(fields.get("words"), bytes):
        return cast(Any, clip)
    try:
        return fields | {"words": from_json(fields["words"])}
    except ValueError as error:
        raise ProblemError(422, "malformed", f"words: not JSON ({error})") from None


def _upload(clip: ClipRequest, default_id: str) -> Upload | ProblemError:
    try:
        words = None if clip.words is None else tuple(map(_reference_word, clip.words))
        job = ClipJob(
            id=clip.id or default_id,
            text=clip.text,
            words=words,
            accent=clip.accent,
            lexicon=None if clip.lexicon is None else parse_lexicon(clip.lexicon, "lexicon"),
            ipa=clip.phones == "ipa",
        )
        return Upload(job, clip.audio if isinstance(clip.audio, bytes) else _decode_base64(clip.audio))
    except PronunciationError as error:
        return ProblemError(422, error.code, str(error))
    except ProblemError as error:
        return error


def _reference_word(word: WordRequest) -> ReferenceWord:
    return ReferenceWord(text=word.text, phones=parse_phones(word.phones, f"words: {word.text}"))


def _decode_base64(audio: str) -> bytes:
    try:
        return base64.b64decode(audio, validate=True)
    except ValueError as error:
        raise ProblemError(422, "malformed", f"audio: not base64 ({error})") from None
