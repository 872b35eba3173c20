"""The route of Azure's REST interface for short audio, for clients that were written for it."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any, Literal

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from enunciate.serve.azure.answer import no_speech, read_options
from enunciate.serve.http import openapi
from enunciate.serve.http.keys import key_of, valid
from enunciate.serve.http.problems import ProblemError
from enunciate.serve.http.service import Service, while_there
from enunciate.serve.http.uploads import Upload, read_body
from enunciate.serve.workers.pool import Answer
from enunciate.serve.workers.wire import Job
from enunciate.serve.workers.worker import INTERNAL

PATH = "/speech/recognition/conversation/cognitiveservices/v1"
LANGUAGE = "en-us"
_MEDIA_TYPES = {"audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave", "audio/ogg"}
_NO_SPEECH: dict[str | None, Literal["NoMatch", "InitialSilenceTimeout"]] = {
    "audio_silent": "InitialSilenceTimeout",
    "text_too_long": "NoMatch",
}
"""Errors that are an answer there: silence, and speech that is much too short for the text."""

router = APIRouter()


@router.post(PATH, responses=openapi.AZURE_ANSWERS, openapi_extra=openapi.AZURE)
async def recognise(request: Request) -> Response:
    """Assess a clip as Azure does: options in the header `Pronunciation-Assessment`, audio as the body."""
    try:
        return await _answer(request)
    except ProblemError as error:
        return _refusal(error)


async def _answer(request: Request) -> Response:
    service: Service = request.app.state.service
    _check_key(request, service.settings.key_hashes)
    job = _job(request)
    with service.let_in() as hold:
        audio = await read_body(request, service.settings.max_bytes, service.settings, hold)
        with service.places():
            answer = await while_there(request, service.assess(Upload(job, audio)))
    return Response(_body(answer), media_type="application/json")


def _check_key(request: Request, hashes: frozenset[str]) -> None:
    """401 for a wrong key and 403 for none, as Azure documents."""
    if not hashes:
        return
    key = key_of(request)
    if key is None:
        raise ProblemError(403, "forbidden", "send a key as Ocp-Apim-Subscription-Key")
    if not valid(key, hashes):
        raise ProblemError(401, "unauthorized", "this key is not valid here")


def _job(request: Request) -> Job:
    """What is asked for; whatever is wrong with it is a 400, as there."""
    language = request.query_params.get("language", "")
    if language.lower() != LANGUAGE:
        raise _bad_request(f"language: '{language}' is not supported; send language=en-US")
    form = request.query_params.get("format", "simple")
    if form.lower() not in ("simple", "detailed"):
        raise _bad_request("format: send detailed or simple")
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in _MEDIA_TYPES:
        raise _bad_request(
            "Content-Type: send audio/wav; codecs=audio/pcm; samplerate=16000, or audio/ogg; codecs=opus"
        )
    header = request.headers.get("pronunciation-assessment")
    if header is None:
        raise _bad_request("Pronunciation-Assessment is missing: this service assesses, and does no more")
    try:
        options = read_options(header)
    except ValueError as error:
        raise _bad_request(str(error)) from None
    return Job(id=request.state.request_id, text=options.reference_text.strip() or None, azure=options)


def _bad_request(detail: str) -> ProblemError:
    return ProblemError(400, "bad_request", detail)


def _body(answer: Answer) -> bytes:
    error = answer.outcome.error
    if error is None:
        return answer.body
    if error == INTERNAL:
        raise ProblemError(500, INTERNAL, "the engine failed on this clip")
    if error in _NO_SPEECH:
        return json.dumps(no_speech(_NO_SPEECH[error], answer.outcome.duration_s)).encode()
    raise _bad_request(answer.outcome.message)


def _refusal(error: ProblemError) -> Response:
    """In the form of Azure's errors, not of RFC 9457."""
    fields: dict[str, Any] = {
        "error": {"code": HTTPStatus(error.status).phrase.replace(" ", ""), "message": error.detail}
    }
    return Response(json.dumps(fields), error.status, error.headers, "application/json")
