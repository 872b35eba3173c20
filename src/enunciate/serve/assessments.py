"""The routes that assess: one clip, or several."""

from __future__ import annotations

import asyncio
import json

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from enunciate.schema import Assessment
from enunciate.serve.problems import ProblemError
from enunciate.serve.service import Service, while_there
from enunciate.serve.uploads import Upload, read_uploads

router = APIRouter(prefix="/v1")


@router.post("/assessments", response_model=Assessment)
async def assess(request: Request) -> Response:
    """Say how well one clip was pronounced."""
    service: Service = request.app.state.service
    with service.places():
        (upload,) = await read_uploads(request, service.settings, request.state.request_id, many=False)
        assert isinstance(upload, Upload)
        answer = await while_there(request, service.assess(upload))
    return Response(answer.body, media_type="application/json")


@router.post("/assessments:batch")
async def assess_batch(request: Request) -> Response:
    """Say how well several clips were pronounced; one that is wrong does not cost the others."""
    service: Service = request.app.state.service
    request_id: str = request.state.request_id
    with service.places():
        uploads = await read_uploads(request, service.settings, request_id, many=True)
        with service.places(len(uploads) - 1):
            items = (_item(service, upload, request_id) for upload in uploads)
            rows = await while_there(request, _all(items))
    return Response(b'{"results":[' + b",".join(rows) + b"]}", media_type="application/json")


async def _all(items):
    return await asyncio.gather(*items)


async def _item(service: Service, upload: Upload | ProblemError, request_id: str) -> bytes:
    if isinstance(upload, ProblemError):
        return b'{"problem":' + upload.problem(request_id).model_dump_json().encode() + b"}"
    named = b'{"id":' + json.dumps(upload.job.id).encode()
    try:
        answer = await service.assess(upload)
    except ProblemError as error:
        return named + b',"problem":' + error.problem(request_id).model_dump_json().encode() + b"}"
    return named + b',"assessment":' + answer.body + b"}"
