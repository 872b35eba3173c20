"""Problem details (RFC 9457): what the service answers if it cannot give an assessment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from pydantic import BaseModel, Field, ValidationError
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 1
MAX_MISTAKES = 5
"""The number of mistakes in a request that one response names."""
CLIP_STATUSES = {
    "audio_not_readable": 415,
    "audio_too_long": 413,
}
"""HTTP statuses by the code of a clip's error; any other code is a 422."""
TITLES = {
    "audio_not_readable": "Audio cannot be read",
    "audio_empty": "Audio without samples",
    "audio_too_short": "Clip too short",
    "audio_too_long": "Clip too long",
    "audio_silent": "Silent clip",
    "audio_not_finite": "Samples are not finite",
    "text_empty": "Empty reference text",
    "text_not_english": "No English word in the reference text",
    "text_unknown_words": "Words without a pronunciation",
    "text_too_long": "Reference text too long for the clip",
    "pronunciation": "Not ARPAbet phones",
    "timeout": "Time-out",
    "crashed": "Worker crashed on this clip",
    "full": "Too many requests at once",
    "draining": "Shutting down",
    "unauthorized": "No valid API key",
    "body_too_large": "Request too large",
    "body_too_slow": "Request body too slow",
    "malformed": "Malformed request",
    "internal": "Internal error",
}
"""Titles by code; for any other code, the title is the phrase of the HTTP status."""


class ProblemDetails(BaseModel):
    """The reason why there is no assessment, as RFC 9457 describes it."""

    type: str
    """A stable URN that ends with the code of the error, such as `audio_silent`."""
    title: str
    """A short summary of the kind of problem."""
    status: int = Field(ge=400, le=599)
    """The HTTP status."""
    detail: str
    """The mistake in this request, and how to correct it."""
    instance: str
    """`urn:uuid:` and the id of the request, which is also in the log."""


_TYPES = ("str", "bytes")
"""Parts of a location that tell the types of a field that may have one or the other."""


class ProblemError(Exception):
    """Ends a request with problem details."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        retry: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Describe the problem.

        Args:
            status: HTTP status.
            code: the end of the problem's `type`.
            detail: explanation for people.
            retry: whether the same request may succeed in a moment.
            headers: headers to send with the response.
        """
        super().__init__(code)
        self.status, self.code, self.detail = status, code, detail
        self.headers = dict(headers or {})
        if retry:
            self.headers["Retry-After"] = str(RETRY_AFTER_S)

    def details(self, request_id: str) -> ProblemDetails:
        """Return the problem details for a request."""
        return ProblemDetails(
            type=f"urn:enunciate:problem:{self.code}",
            title=TITLES.get(self.code) or HTTPStatus(self.status).phrase,
            status=self.status,
            detail=self.detail,
            instance=f"urn:uuid:{request_id}",
        )

    def response(self, request_id: str) -> Response:
        """Return the response to a request."""
        return Response(
            self.details(request_id).model_dump_json(),
            status_code=self.status,
            headers=self.headers,
            media_type=MEDIA_TYPE,
        )


def malformed(
    error: ValidationError, right: str, *, status: int = 422, index: int | None = None
) -> ProblemError:
    """Return the problem of a request that is not in its form: its first mistakes, and a right request.

    Args:
        error: What is wrong.
        right: A right request, as one would type it.
        status: The HTTP status.
        index: Which of several clips it is.
    """
    prefix = () if index is None else (index,)
    messages: dict[tuple[str | int, ...], str] = {}
    for one in error.errors():
        location = tuple(part for part in one["loc"] if part not in _TYPES)
        messages.setdefault((*prefix, *location), one["msg"])
    mistakes = [_located(*item) for item in list(messages.items())[:MAX_MISTAKES]]
    return ProblemError(status, "malformed", f"{'; '.join(mistakes)}. A right request: {right}")


def _located(location: Sequence[str | int], message: str) -> str:
    return f"{'.'.join(map(str, location))}: {message}" if location else message
