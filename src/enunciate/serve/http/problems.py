"""What the service answers where it cannot give an assessment: problem details, RFC 9457."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from pydantic import BaseModel, Field
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 1


class Problem(BaseModel):
    """Why there is no assessment, in the form of RFC 9457."""

    type: str
    """Stable; ends with the code of the error, such as `audio_silent`."""
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    """What is wrong with this request, and what to do about it."""
    instance: str
    """`urn:uuid:` and the request's id, which the log has too."""


class ProblemError(Exception):
    """Ends a request with a problem."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        retry: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Say what is wrong.

        Args:
            status: of HTTP.
            code: ends the problem's type.
            detail: for people.
            retry: whether the same request may do better in a moment.
            headers: to send with it.
        """
        super().__init__(code)
        self.status, self.code, self.detail = status, code, detail
        self.headers = dict(headers or {})
        if retry:
            self.headers["Retry-After"] = str(RETRY_AFTER_S)

    def problem(self, request_id: str) -> Problem:
        """What is sent."""
        return Problem(
            type=f"urn:enunciate:problem:{self.code}",
            title=TITLES.get(self.code) or HTTPStatus(self.status).phrase,
            status=self.status,
            detail=self.detail,
            instance=f"urn:uuid:{request_id}",
        )

    def response(self, request_id: str) -> Response:
        """The answer to the request."""
        return Response(
            self.problem(request_id).model_dump_json(),
            status_code=self.status,
            headers=self.headers,
            media_type=MEDIA_TYPE,
        )


STATUS = {
    "audio_not_readable": 415,
    "audio_too_long": 413,
}
"""Of errors of a clip that are not 422."""
TITLES = {
    "audio_not_readable": "Not audio that can be read",
    "audio_empty": "Audio without samples",
    "audio_too_short": "Clip too short",
    "audio_too_long": "Clip too long",
    "audio_silent": "Silent clip",
    "audio_not_finite": "Broken samples",
    "text_empty": "Empty text",
    "text_not_english": "No English word",
    "text_unknown_words": "Words without a pronunciation",
    "text_too_long": "Text too long for the clip",
    "pronunciation": "Not ARPAbet phones",
    "timeout": "Took too long",
    "crashed": "The worker died of this clip",
    "full": "Too many requests at once",
    "draining": "Shutting down",
    "unauthorized": "No valid API key",
    "body_too_large": "Request too large",
    "body_too_slow": "Request too slow",
    "malformed": "Malformed request",
    "internal": "A bug of the service",
}
"""By code; whatever is not here is called as its HTTP status is."""
