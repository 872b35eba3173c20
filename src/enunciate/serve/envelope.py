"""Around every request: its id, security headers, a line in the log, metrics; an answer even for a bug."""

from __future__ import annotations

import json
import sys
import time
import uuid
from typing import Any, TextIO

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from enunciate.serve.metrics import Metrics
from enunciate.serve.problems import ProblemError
from enunciate.serve.worker import bug_line

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; worker-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "microphone=(self)",
}
GONE = 499
"""Logged where the client left before its answer; nobody gets to see it."""


class Envelope:
    """ASGI middleware, the outermost."""

    def __init__(self, app: ASGIApp, metrics: Metrics, log: TextIO = sys.stderr) -> None:
        self._app, self._metrics, self._log = app, metrics, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request; anything else (the application's start and stop) goes on as it is."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        request_id = str(uuid.uuid4())
        scope.setdefault("state", {})["request_id"] = request_id
        seen: dict[str, int] = {"in": 0, "status": 0}

        async def counting() -> Message:
            message = await receive()
            seen["in"] += len(message.get("body", b""))
            return message

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                for name, value in SECURITY_HEADERS.items():
                    headers[name] = value
            await send(message)

        try:
            await self._app(scope, counting, sending)
        except Exception as error:
            print(bug_line(error), file=self._log, flush=True)
            if not seen["status"]:
                problem = ProblemError(500, "internal", "the service failed; its log says where")
                await problem.response(request_id)(scope, receive, sending)
        finally:
            self._record(scope, request_id, seen, time.perf_counter() - begun)

    def _record(self, scope: Scope, request_id: str, seen: dict[str, int], took_s: float) -> None:
        """No address, no file name, no text: the route is the service's own name for what was asked."""
        route = str(getattr(scope.get("route"), "path", "other"))
        self._metrics.requests.labels(route, str(seen["status"])).inc()
        self._metrics.latency.labels(route).observe(took_s)
        line: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "id": request_id,
            "method": scope["method"],
            "route": route,
            "status": seen["status"],
            "ms": round(1000 * took_s, 1),
            "bytes": seen["in"],
        }
        print(json.dumps(line), file=self._log, flush=True)
