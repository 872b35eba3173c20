"""ASGI middleware around every request: id, security headers, log, metrics, and a response even to a bug."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import uuid
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from enunciate.serve.http.problem_details import ProblemError
from enunciate.serve.metrics import ServiceMetrics
from enunciate.serve.service_log import LOGGER, log_bug
from enunciate.serve.workers.messages import INTERNAL

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
"""Limits of time and size up to which a refused body is still read before the connection is closed."""
CLIENT_GONE = 499
"""The status in the log and metrics if the client disconnected before its response, which nobody sees."""


class ServiceMiddleware:
    """The outermost middleware."""

    def __init__(self, app: ASGIApp, metrics: ServiceMetrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request; pass on anything else (the application's start and stop)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = str(uuid.uuid4())
        scope.setdefault("state", {})["request_id"] = request_id
        exchange = _Exchange(scope, receive, send, request_id)
        try:
            await self._app(scope, exchange.receive, exchange.send)
        except Exception as error:
            log_bug(error)
            if not exchange.status:
                problem = ProblemError(500, INTERNAL, "the service failed; its log says where")
                await problem.response(request_id)(scope, exchange.receive, exchange.send)
        finally:
            self._record(scope, exchange, time.perf_counter() - started)

    def _record(self, scope: Scope, exchange: _Exchange, took_s: float) -> None:
        """Record a request by the name of its route; no address, file name or text is logged."""
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
        LOGGER.info(json.dumps(line))


class _Exchange:
    """One request and its response, as they pass through."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        self._receive, self._send = receive, send
        self.request_id = request_id
        self.n_bytes = 0
        """Bytes of the body that were read."""
        self.status = 0
        names = {name for name, _ in scope["headers"]}
        self._body_read = names.isdisjoint({b"content-length", b"transfer-encoding"})

    async def receive(self) -> Message:
        message = await self._receive()
        self.n_bytes += len(message.get("body", b""))
        self._body_read = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers.update({"X-Request-ID": self.request_id} | SECURITY_HEADERS)
            if self._refused_early:
                headers["Connection"] = "close"
        elif self._refused_early and not message.get("more_body", False):
            await self._send({**message, "more_body": True})
            await self._linger()
            message = {"type": "http.response.body"}
        await self._send(message)

    @property
    def _refused_early(self) -> bool:
        return not self._body_read and self.status >= 400

    async def _linger(self) -> None:
        """Read on for a moment: closing a connection with unread data can destroy the response on its way."""
        read_before = self.n_bytes
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_S):
                while not self._body_read and self.n_bytes - read_before < LINGER_BYTES:
                    await self.receive()
