"""Around every request: its id, security headers, a line in the log, metrics; an answer even for a bug."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
import uuid
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from enunciate.serve.http.metrics import Metrics
from enunciate.serve.http.problems import ProblemError
from enunciate.serve.workers.worker import bug_line

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; worker-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "microphone=(self)",
}
LINGER_S, LINGER_BYTES = 2.0, 20_000_000
"""How much of a body that was refused is read all the same; then the connection is closed."""
GONE = 499
"""Logged where the client left before its answer; nobody gets to see it."""


class Envelope:
    """ASGI middleware, the outermost."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request; anything else (the application's start and stop) goes on as it is."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        request_id = str(uuid.uuid4())
        scope.setdefault("state", {})["request_id"] = request_id
        exchange = _Exchange(scope, receive, send, request_id)
        try:
            await self._app(scope, exchange.receive, exchange.send)
        except Exception as error:
            print(bug_line(error), file=sys.stderr, flush=True)
            if not exchange.status:
                problem = ProblemError(500, "internal", "the service failed; its log says where")
                await problem.response(request_id)(scope, exchange.receive, exchange.send)
        finally:
            self._record(scope, exchange, time.perf_counter() - begun)

    def _record(self, scope: Scope, exchange: _Exchange, took_s: float) -> None:
        """No address, no file name, no text: the route is the service's own name for what was asked."""
        route = str(getattr(scope.get("route"), "path", "other"))
        self._metrics.requests.labels(route, str(exchange.status)).inc()
        self._metrics.latency.labels(route).observe(took_s)
        line: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "id": exchange.request_id,
            "method": scope["method"],
            "route": route,
            "status": exchange.status,
            "ms": round(1000 * took_s, 1),
            "bytes": exchange.n_bytes,
        }
        print(json.dumps(line), file=sys.stderr, flush=True)


class _Exchange:
    """One request and its answer, as they pass."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        self._receive, self._send = receive, send
        self.request_id = request_id
        self.n_bytes = 0
        """Of the body, as far as it was read."""
        self.status = 0
        names = {name for name, _ in scope["headers"]}
        self._read_all = names.isdisjoint({b"content-length", b"transfer-encoding"})

    async def receive(self) -> Message:
        message = await self._receive()
        self.n_bytes += len(message.get("body", b""))
        self._read_all = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers.update({"X-Request-ID": self.request_id} | SECURITY_HEADERS)
            if not self._read_all and self.status >= 400:
                headers["Connection"] = "close"
        elif not self._read_all and self.status >= 400 and not message.get("more_body", False):
            await self._send({**message, "more_body": True})
            await self._linger()
            message = {"type": "http.response.body"}
        await self._send(message)

    async def _linger(self) -> None:
        """Read on for a little after a refusal: a connection that is closed at once can take it along."""
        read_before = self.n_bytes
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_S):
                while not self._read_all and self.n_bytes - read_before < LINGER_BYTES:
                    await self.receive()
