"""The route that shows how a text would be read. It needs no engine, so this process answers it itself."""

from __future__ import annotations

import asyncio
from functools import cache

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from enunciate.errors import TextError
from enunciate.phones import Lexicon
from enunciate.reading.description import TextDescription, describe_text
from enunciate.serve.http import openapi
from enunciate.serve.http.clip_request import MAX_TEXT, TextRequest
from enunciate.serve.http.problem_details import ProblemError, malformed
from enunciate.serve.http.request_body import read_body
from enunciate.serve.http.service import Service

router = APIRouter(prefix="/v1")
_RIGHT = """curl --json '{"text": "It costs $3.50."}' http://127.0.0.1:8000/v1/texts"""
_MAX_BYTES = 12 * MAX_TEXT
"""The most bytes of a body: a text in JSON with all its characters escaped, and the name of its field."""


@router.post(
    "/texts",
    response_model=TextDescription,
    responses=openapi.READING,
    openapi_extra=openapi.ONE_TEXT,
)
async def read_text(request: Request) -> Response:
    """Tell how a text would be read: words, readings of numbers and signs, pronunciations, syllables."""
    service: Service = request.app.state.service
    with service.admission.admit() as count_bytes:
        body = await read_body(request, _MAX_BYTES, service.settings, count_bytes)
        try:
            text = TextRequest.model_validate_json(body).text
        except ValidationError as error:
            status = 400 if error.errors()[0]["type"] == "json_invalid" else 422
            raise malformed(error, _RIGHT, status=status) from None
        try:
            description = await asyncio.to_thread(describe_text, text, _lexicon())
        except TextError as error:
            raise ProblemError(422, error.code, str(error)) from None
    return Response(description.model_dump_json(), media_type="application/json")


@cache
def _lexicon() -> Lexicon:
    return Lexicon.default()
