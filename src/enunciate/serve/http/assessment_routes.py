"""The routes that assess one clip, or several."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from enunciate.schema import Assessment
from enunciate.serve.http import openapi
from enunciate.serve.http.disconnect import unless_disconnected
from enunciate.serve.http.problem_details import ProblemDetails, ProblemError
from enunciate.serve.http.service import Service
from enunciate.serve.http.uploads import Upload, read_uploads

router = APIRouter(prefix="/v1")


class BatchRow(BaseModel):
    """The result of one clip: its assessment, or the problem with it."""

    id: str | None = None
    """The clip's id; missing if the clip could not be read from the request."""
    assessment: Assessment | None = None
    """The assessment; missing if there is a problem."""
    problem: ProblemDetails | None = None
    """The reason why there is no assessment."""


class BatchResults(BaseModel):
    """The results of all clips."""

    results: list[BatchRow]
    """One row per clip, in the order of the clips."""


@router.post(
    "/assessments",
    response_model=Assessment,
    responses=openapi.ONE_ANSWER | openapi.ASSESSING,
    openapi_extra=openapi.ONE_CLIP,
)
async def assess(request: Request) -> Response:
    """Assess the pronunciation of one clip."""
    service: Service = request.app.state.service
    with service.admission.admit() as count_bytes:
        (upload,) = await read_uploads(request, service.settings, count_bytes, many=False)
        assert isinstance(upload, Upload)
        with service.admission.reserve():
            body = await unless_disconnected(request, service.assess_to_json(upload))
    return Response(body, media_type="application/json")


@router.post(
    "/assessments:batch",
    response_model=BatchResults,
    responses=openapi.ASSESSING,
    openapi_extra=openapi.SEVERAL_CLIPS,
)
async def assess_batch(request: Request) -> Response:
    """Assess the pronunciation of several clips; a problem with one does not affect the others."""
    service: Service = request.app.state.service
    with service.admission.admit() as count_bytes:
        uploads = await read_uploads(request, service.settings, count_bytes, many=True)
        with service.admission.reserve(len(uploads)):
            rows = await unless_disconnected(request, _rows(service, uploads, request.state.request_id))
    return Response(b'{"results":[' + b",".join(rows) + b"]}", media_type="application/json")


async def _rows(service: Service, uploads: Sequence[Upload | ProblemError], request_id: str) -> list[bytes]:
    return await asyncio.gather(*(_row(service, upload, request_id) for upload in uploads))


async def _row(service: Service, upload: Upload | ProblemError, request_id: str) -> bytes:
    """Return a `BatchRow` as JSON, joined from bytes because the workers encode the assessment."""
    try:
        if isinstance(upload, ProblemError):
            raise upload
        body = await service.assess_to_json(upload)
    except ProblemError as error:
        fields = {"id": upload.job.id} if isinstance(upload, Upload) else {}
        return json.dumps(fields | {"problem": error.details(request_id).model_dump()}).encode()
    return b'{"id":' + json.dumps(upload.job.id).encode() + b',"assessment":' + body + b"}"
