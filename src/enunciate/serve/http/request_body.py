"""Request bodies, read into memory under limits of size and time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.requests import Request

from enunciate.serve.http.problem_details import ProblemError
from enunciate.serve.settings import ServiceSettings


async def read_body(
    request: Request, max_bytes: int, settings: ServiceSettings, count_bytes: Callable[[int], None]
) -> bytes:
    """Read a body, and stop as soon as it is too large or too slow.

    Args:
        request: the request.
        max_bytes: maximum size of this body.
        settings: has the time limit.
        count_bytes: told the size of each chunk; may raise a `ProblemError` if memory is short.

    Raises:
        ProblemError: the body is too large, or did not arrive in time.
    """
    too_large = ProblemError(413, "body_too_large", f"the body is larger than {max_bytes:,} bytes")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > max_bytes:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(settings.body_timeout_s):
            async for chunk in request.stream():
                if len(body) + len(chunk) > max_bytes:
                    raise too_large
                count_bytes(len(chunk))
                body += chunk
    except TimeoutError:
        detail = f"the body did not arrive within {settings.body_timeout_s:g} s"
        raise ProblemError(408, "body_too_slow", detail) from None
    return bytes(body)
