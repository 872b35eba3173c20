"""The route of Azure's REST interface for short audio, for clients that were written for Azure."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from enunciate.serve.azure.options import LANGUAGE, parse_options
from enunciate.serve.azure.response import NO_SPEECH, without_speech
from enunciate.serve.http import openapi
from enunciate.serve.http.api_keys import is_valid, key_of
from enunciate.serve.http.disconnect import unless_disconnected
from enunciate.serve.http.problem_details import ProblemError
from enunciate.serve.http.request_body import read_body
from enunciate.serve.http.service import Service
from enunciate.serve.http.uploads import Upload
from enunciate.serve.workers.messages import ClipJob
from enunciate.serve.workers.worker_process import WorkerReply

PATH = "/speech/recognition/conversation/cognitiveservices/v1"
_AZURE_TYPES = {"audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave", "audio/ogg"}
_MEDIA_TYPES = _AZURE_TYPES | {"audio/webm", "audio/mp4", "audio/x-m4a", "audio/aac"}

router = APIRouter()


@router.post(PATH, responses=openapi.AZURE_ANSWERS, openapi_extra=openapi.AZURE)
async def recognise(request: Request) -> Response:
    """Assess a clip as Azure does.

    The header `Pronunciation-Assessment` carries the options, and the body is the audio.
    """
    try:
        return await _assess(request)
    except ProblemError as error:
        return error_response(error)


async def _assess(request: Request) -> Response:
    service: Service = request.app.state.service
    check_key(request.headers, service.settings.key_hashes)
    job = _job(request)
    with service.admission.admit() as count_bytes:
        audio = await read_body(request, service.settings.max_bytes, service.settings, count_bytes)
        with service.admission.reserve():
            reply = await unless_disconnected(request, service.assess(Upload(job, audio)))
    return Response(_body(reply), media_type="application/json")


def check_key(headers: Headers, hashes: frozenset[str]) -> None:
    """Refuse a wrong key with 401 and a missing one with 403, as Azure documents.

    Raises:
        ProblemError: the key is missing or not valid.
    """
    if not hashes:
        return
    key = key_of(headers)
    if key is None:
        raise ProblemError(403, "forbidden", "send a key in the header Ocp-Apim-Subscription-Key")
    if not is_valid(key, hashes):
        raise ProblemError(401, "unauthorized", "the key is not valid")


def _job(request: Request) -> ClipJob:
    """Return what the request asks for; any mistake in it is a 400, as in Azure."""
    language = request.query_params.get("language", "")
    if language.lower() != LANGUAGE.lower():
        raise _bad_request(f"language: '{language}' is not supported; send language=en-US")
    detail = request.query_params.get("format", "simple")
    if detail.lower() not in ("simple", "detailed"):
        raise _bad_request("format: send detailed or simple")
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in _MEDIA_TYPES:
        raise _bad_request(
            "Content-Type: send audio/wav; codecs=audio/pcm; samplerate=16000, or audio/ogg; codecs=opus"
        )
    header = request.headers.get("pronunciation-assessment")
    if header is None:
        raise _bad_request("Pronunciation-Assessment is missing; this service does not transcribe only")
    try:
        options = parse_options(header)
    except ValueError as error:
        raise _bad_request(str(error)) from None
    return ClipJob(id=request.state.request_id, text=options.reference_text.strip() or None, azure=options)


def _bad_request(detail: str) -> ProblemError:
    return ProblemError(400, "bad_request", detail)


def _body(reply: WorkerReply) -> bytes:
    error = reply.outcome.error
    if error is None:
        return reply.body
    if error in NO_SPEECH:
        return json.dumps(without_speech(NO_SPEECH[error], reply.outcome.duration_s)).encode()
    raise _bad_request(reply.outcome.message)


def error_response(error: ProblemError) -> Response:
    """Return an error in Azure's form, not that of RFC 9457."""
    fields: dict[str, Any] = {
        "error": {"code": HTTPStatus(error.status).phrase.replace(" ", ""), "message": error.detail}
    }
    return Response(json.dumps(fields), error.status, error.headers, "application/json")
