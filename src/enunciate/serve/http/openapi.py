"""The description of the interface at `/openapi.json`.

The forms of data in it come from the models, and what it says of a field is the docstring below that field.
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
from enunciate.schema import Assessment
from enunciate.serve.azure import answer as azure
from enunciate.serve.azure.answer import Options
from enunciate.serve.http import operations, problems, uploads
from enunciate.serve.http.problems import MEDIA_TYPE, Problem
from enunciate.serve.http.settings import MAX_BATCH
from enunciate.serve.http.uploads import MAX_TEXT, ClipRequest

EXAMPLE = json.loads((Path(__file__).parent / "example.json").read_text(encoding="utf-8"))
"""What the `pocket` engine says of the clip in the repository's folder of examples."""

_ABOUT = """Scores for English that was read aloud: for the whole, its words and its sounds.

Every answer that is not an assessment is `application/problem+json` (RFC 9457); its `type` ends with a stable
code. `429` and `503` come with `Retry-After`."""
_TEXT = EXAMPLE["text"]
_REF = "#/components/schemas/"
_MODULES: tuple[ModuleType, ...] = (schema, operations, problems, uploads)

Fields = dict[str, Any]


def refusals(*statuses: int) -> dict[int | str, Fields]:
    """Of a route: with which statuses it may answer with a problem."""
    content = {MEDIA_TYPE: {"schema": {"$ref": f"{_REF}Problem"}}}
    return {status: {"description": _WHY[status], "content": content} for status in statuses}


_WHY = {
    400: "The body cannot be parsed.",
    401: "No valid API key, where the service asks for one.",
    408: "The body was too long in coming.",
    413: "The body, the audio or the clip is too large.",
    415: "The body, or the audio in it, is of a kind that is not read.",
    422: "The clip, the text or a field cannot be used.",
    429: "Too much is under way.",
    500: "A bug, or a clip that a worker died of.",
    503: "The service is about to stop.",
    504: "The clip waited or ran for too long.",
}
ASSESSING = refusals(*_WHY)
"""Of a route that takes clips."""
_FORM_FIELDS: Fields = {
    "text": {"type": "string", "maxLength": MAX_TEXT, "description": "What was to be read."},
    "words": {
        "type": "string",
        "contentMediaType": "application/json",
        "description": "In place of `text`: JSON of words with phones, as in the JSON form of this request.",
    },
    "id": {"type": "string", "minLength": 1, "maxLength": 200},
}
_AUDIO: Fields = {"type": "string", "contentMediaType": "application/octet-stream"}
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


ONE_CLIP = _body({"audio": _AUDIO} | _FORM_FIELDS, {"$ref": f"{_REF}ClipRequest"}, _CLIP_EXAMPLE)
SEVERAL_CLIPS = _body(
    {
        name: {"type": "array", "items": field, "description": f"One for each clip{also}."} | _COUNT
        for name, field, also in (
            ("audio", _AUDIO, ""),
            ("text", _FORM_FIELDS["text"], ", or one for all"),
            ("words", _FORM_FIELDS["words"], ", or one for all"),
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
            "description": "The answer is detailed in either case.",
        },
        {
            "name": "Pronunciation-Assessment",
            "in": "header",
            "required": True,
            "schema": {"type": "string", "contentEncoding": "base64", "contentMediaType": "application/json"},
            "description": "`ReferenceText`, `GradingSystem` and the others, as Microsoft documents them.",
        },
    ],
    "requestBody": {
        "required": True,
        "content": {"audio/wav": {"schema": _AUDIO}, "audio/ogg": {"schema": _AUDIO}},
    },
}
_AZURE_OPTIONS = Options(
    grading_system="hundredmark", dimension="comprehensive", enable_prosody_assessment=True
)
_AZURE_ANSWER: Fields = {
    "schema": {"type": "object", "required": ["RecognitionStatus"]},
    "example": azure.answer(Assessment.model_validate(EXAMPLE), _AZURE_OPTIONS),
}
_AZURE_ERROR: Fields = {"application/json": {"schema": {"type": "object", "required": ["error"]}}}
AZURE_ANSWERS: dict[int | str, Fields] = {
    status: {"description": why, "content": _AZURE_ERROR} for status, why in _WHY.items()
}
AZURE_ANSWERS[200] = {
    "description": "As Azure answers; `RecognitionStatus` can be `InitialSilenceTimeout` or `NoMatch`, too.",
    "content": {"application/json": _AZURE_ANSWER},
}
AZURE_ANSWERS[403] = {"description": "No API key, where the service asks for one.", "content": _AZURE_ERROR}


def describe(app: FastAPI) -> None:
    """Give an application its description, made when it is first asked for."""

    def openapi() -> Fields:
        if app.openapi_schema is None:
            found = get_openapi(title=app.title, version=app.version, description=_ABOUT, routes=app.routes)
            _, more = models_json_schema(
                [(Problem, "serialization"), (ClipRequest, "validation")], ref_template=_REF + "{model}"
            )
            components = found.setdefault("components", {})
            components.setdefault("schemas", {}).update(more["$defs"])
            _add_docstrings(components["schemas"])
            components["securitySchemes"] = {
                "bearer": {"type": "http", "scheme": "bearer"},
                "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            }
            found["security"] = [{}, {"bearer": []}, {"header": []}]
            app.openapi_schema = found
        return app.openapi_schema

    app.openapi = openapi


def _add_docstrings(schemas: Mapping[str, Fields]) -> None:
    for module in _MODULES:
        for model, field, text in _docstrings(module):
            properties = schemas.get(model, {}).get("properties", {})
            if field in properties:
                properties[field]["description"] = text


def _docstrings(module: ModuleType) -> Iterator[tuple[str, str, str]]:
    """Class, field and text of each string that stands below a field of a class."""
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
