"""The description of the interface at `/openapi.json`.

Its schemas come from the models, and the description of a field is the docstring below that field.
"""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from enunciate import schema
from enunciate.reading import description as reading_description
from enunciate.schema import Assessment
from enunciate.serve.azure.options import AzureOptions
from enunciate.serve.azure.response import response as azure_response
from enunciate.serve.http import clip_request, operator_routes, problem_details
from enunciate.serve.http.clip_request import MAX_TEXT, ClipRequest, TextRequest
from enunciate.serve.http.problem_details import MEDIA_TYPE, ProblemDetails
from enunciate.serve.settings import MAX_BATCH

EXAMPLE = json.loads((Path(__file__).parent / "example.json").read_text(encoding="utf-8"))
"""The answer of the `pocket` engine to the clip in the repository's folder `examples`."""

_ABOUT = """Pronunciation scores for English speech: for the utterance, its words and its phones.

Every response that is not an assessment is `application/problem+json` (RFC 9457), and its `type` ends with a
stable code. Responses with status `429` or `503` have the header `Retry-After`."""
_TEXT = EXAMPLE["text"]
_REF = "#/components/schemas/"
_MODULES: tuple[ModuleType, ...] = (
    schema,
    reading_description,
    operator_routes,
    problem_details,
    clip_request,
)

Fields = dict[str, Any]

_REASONS = {
    400: "The body cannot be parsed.",
    401: "The service requires an API key, and the request has no valid one.",
    408: "The body did not arrive in time.",
    413: "The body, the audio or the clip is too large.",
    415: "The media type of the body, or the audio format, is not supported.",
    422: "The clip, the reference text or a field cannot be used.",
    429: "Too many clips are in progress.",
    500: "The service has a bug, or a worker crashed on the clip.",
    503: "The service is about to stop.",
    504: "The clip queued or ran for too long.",
}


def problem_responses(*statuses: int) -> dict[int | str, Fields]:
    """Return the descriptions of the problems with which a route may respond."""
    content = {MEDIA_TYPE: {"schema": {"$ref": f"{_REF}ProblemDetails"}}}
    return {status: {"description": _REASONS[status], "content": content} for status in statuses}


ASSESSING = problem_responses(*_REASONS)
"""The problems of a route that assesses clips."""
READING = problem_responses(400, 401, 408, 413, 422, 429, 500, 503)
"""The problems of a route that reads texts."""
_FORM_FIELDS: Fields = {
    "text": {"type": "string", "maxLength": MAX_TEXT, "description": "The reference text."},
    "words": {
        "type": "string",
        "contentMediaType": "application/json",
        "description": "Words with their phones, in place of `text`; JSON as in `ClipRequest`.",
    },
    "accent": {
        "enum": ["us", "gb", "any"],
        "description": "Which pronunciations of `text` are right: American (the default), British, or both.",
    },
    "lexicon": {
        "type": "string",
        "maxLength": MAX_TEXT,
        "description": "Pronunciations of words of `text`, a line `WORD PH1 PH2 ...` for each.",
    },
    "phones": {
        "enum": ["arpabet", "ipa"],
        "description": "The symbols of the phones in the answer; ARPAbet by default.",
    },
    "id": {
        "type": "string",
        "minLength": 1,
        "maxLength": 200,
        "description": "Returned with the answer; by default, the id of the request.",
    },
}
_AUDIO: Fields = {
    "type": "string",
    "contentMediaType": "application/octet-stream",
    "description": "An audio file: WAV, FLAC, Ogg, Opus, MP3, WebM or M4A.",
}
_COUNT = {"minItems": 1, "maxItems": MAX_BATCH}
_CLIP_EXAMPLE = {"audio": "UklGRgAAAABXQVZF", "text": _TEXT, "id": EXAMPLE["id"]}


def _body(form: Fields, json_schema: Fields, example: Any) -> Fields:
    content: Fields = {
        "multipart/form-data": {
            "schema": {"type": "object", "required": ["audio"], "properties": form},
        },
        "application/json": {"schema": json_schema, "example": example},
    }
    return {"requestBody": {"required": True, "content": content}}


ONE_TEXT: Fields = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"$ref": f"{_REF}TextRequest"},
                "example": {"text": "It costs $3.50."},
            }
        },
    }
}
ONE_CLIP = _body({"audio": _AUDIO} | _FORM_FIELDS, {"$ref": f"{_REF}ClipRequest"}, _CLIP_EXAMPLE)
SEVERAL_CLIPS = _body(
    {
        name: {"type": "array", "items": field, "description": f"One per clip{also}."} | _COUNT
        for name, field, also in (
            ("audio", _AUDIO, ""),
            ("text", _FORM_FIELDS["text"], ", or one for all"),
            ("words", _FORM_FIELDS["words"], ", or one for all"),
            ("accent", _FORM_FIELDS["accent"], ", or one for all"),
            ("lexicon", _FORM_FIELDS["lexicon"], ", or one for all"),
            ("phones", _FORM_FIELDS["phones"], ", or one for all"),
            ("id", _FORM_FIELDS["id"], ""),
        )
    },
    {"type": "array", "items": {"$ref": f"{_REF}ClipRequest"}} | _COUNT,
    [_CLIP_EXAMPLE],
)
_JSON_EXAMPLE = {"application/json": {"example": EXAMPLE}}
ONE_ANSWER: dict[int | str, Fields] = {200: {"description": "The assessment.", "content": _JSON_EXAMPLE}}
AZURE: Fields = {
    "parameters": [
        {
            "name": "language",
            "in": "query",
            "required": True,
            "schema": {"type": "string", "enum": ["en-US"]},
        },
        {
            "name": "format",
            "in": "query",
            "schema": {"type": "string", "enum": ["detailed", "simple"]},
            "description": "The response is detailed in either case.",
        },
        {
            "name": "Pronunciation-Assessment",
            "in": "header",
            "required": True,
            "schema": {"type": "string", "contentEncoding": "base64", "contentMediaType": "application/json"},
            "description": "`ReferenceText`, `GradingSystem` and so on, as Microsoft documents them.",
        },
    ],
    "requestBody": {
        "required": True,
        "content": {f"audio/{kind}": {"schema": _AUDIO} for kind in ("wav", "ogg", "webm", "mp4", "aac")},
    },
}
_AZURE_OPTIONS = AzureOptions(
    grading_system="hundredmark", dimension="comprehensive", enable_prosody_assessment=True
)
_AZURE_ANSWER: Fields = {
    "schema": {"type": "object", "required": ["RecognitionStatus"]},
    "example": azure_response(Assessment.model_validate(EXAMPLE), _AZURE_OPTIONS),
}
_AZURE_ERROR: Fields = {"application/json": {"schema": {"type": "object", "required": ["error"]}}}
AZURE_ANSWERS: dict[int | str, Fields] = {
    status: {"description": reason, "content": _AZURE_ERROR} for status, reason in _REASONS.items()
}
AZURE_ANSWERS[200] = {
    "description": "In Azure's form; `RecognitionStatus` is `Success`, `NoMatch` or `InitialSilenceTimeout`.",
    "content": {"application/json": _AZURE_ANSWER},
}
AZURE_ANSWERS[403] = {
    "description": "The service requires an API key, and the request has none.",
    "content": _AZURE_ERROR,
}


def add_description(app: FastAPI) -> None:
    """Give an application its description, which is made when it is first requested."""

    def openapi() -> Fields:
        if app.openapi_schema is None:
            description = get_openapi(
                title=app.title, version=app.version, description=_ABOUT, routes=app.routes
            )
            _, more = models_json_schema(
                [(ProblemDetails, "serialization"), (ClipRequest, "validation"), (TextRequest, "validation")],
                ref_template=_REF + "{model}",
            )
            components = description.setdefault("components", {})
            components.setdefault("schemas", {}).update(more["$defs"])
            _add_docstrings(components["schemas"])
            components["securitySchemes"] = {
                "bearer": {"type": "http", "scheme": "bearer"},
                "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            }
            description["security"] = [{}, {"bearer": []}, {"header": []}]
            app.openapi_schema = description
        return app.openapi_schema

    app.openapi = openapi


def _add_docstrings(schemas: Mapping[str, Fields]) -> None:
    for module in _MODULES:
        for model, field, text in _docstrings(module):
            properties = schemas.get(model, {}).get("properties", {})
            if field in properties:
                properties[field]["description"] = text


def _docstrings(module: ModuleType) -> Iterator[tuple[str, str, str]]:
    """Yield class, field and text of each docstring below a field of a class."""
    for node in ast.parse(inspect.getsource(module)).body:
        if not isinstance(node, ast.ClassDef):
            continue
        for field, below in zip(node.body, node.body[1:], strict=False):
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(field.target, ast.Name)
                and isinstance(below, ast.Expr)
                and isinstance(below.value, ast.Constant)
                and isinstance(below.value.value, str)
            ):
                yield node.name, field.target.id, " ".join(below.value.value.split())
