"""The routes that assess: one clip, or several."""

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
from enunciate.serve.http.problems import Problem, ProblemError
from enunciate.serve.http.service import Service, while_there
from enunciate.serve.http.uploads import Upload, read_uploads

router = APIRouter(prefix="/v1")


class BatchRow(BaseModel):
    """What became of one clip: its assessment, or why there is none."""

    id: str | None = None
    """Left out where the clip could not even be read from the request."""
    assessment: Assessment | None = None
    problem: Problem | None = None


class BatchResults(BaseModel):
    """A row for each clip, in their order."""

    results: list[BatchRow]


@router.post(
    "/assessments",
    response_model=Assessment,
    responses=openapi.ONE_ANSWER | openapi.ASSESSING,
    openapi_extra=openapi.ONE_CLIP,
)
async def assess(request: Request) -> Response:
    """Say how well one clip was pronounced."""
    service: Service = request.app.state.service
    with service.let_in() as hold:
        (upload,) = await read_uploads(request, service.settings, hold, many=False)
        assert isinstance(upload, Upload)
        with service.places():
            body = await while_there(request, service.body(upload))
    return Response(body, media_type="application/json")


@router.post(
    "/assessments:batch",
    response_model=BatchResults,
    responses=openapi.ASSESSING,
    openapi_extra=openapi.SEVERAL_CLIPS,
)
async def assess_batch(request: Request) -> Response:
    """Say how well several clips were pronounced; one that is wrong does not cost the others."""
    service: Service = request.app.state.service
    with service.let_in() as hold:
        uploads = await read_uploads(request, service.settings, hold, many=True)
        with service.places(len(uploads)):
            rows = await while_there(request, _rows(service, uploads, request.state.request_id))
    return Response(b'{"results":[' + b",".join(rows) + b"]}", media_type="application/json")


async def _rows(service: Service, uploads: Sequence[Upload | ProblemError], request_id: str) -> list[bytes]:
    return await asyncio.gather(*(_row(service, upload, request_id) for upload in uploads))


async def _row(service: Service, upload: Upload | ProblemError, request_id: str) -> bytes:
    """One of `results`, which are put together as bytes: the workers made the JSON."""
    try:
        if isinstance(upload, ProblemError):
            raise upload
        body = await service.body(upload)
    except ProblemError as error:
        named = {"id": upload.job.id} if isinstance(upload, Upload) else {}
        return json.dumps(named | {"problem": error.problem(request_id).model_dump()}).encode()
    return b'{"id":' + json.dumps(upload.job.id).encode() + b',"assessment":' + body + b"}"
