"""A websocket under limits: who may open one, how much may come, and for how long.

A task reads messages into a short queue while another answers them, so that a client that goes away, or a
ping, is noticed during an assessment. Nothing of an address is logged: browsers have to put keys into it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import uuid
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from enunciate.serve.http.problem_details import ProblemError
from enunciate.serve.http.service import Service
from enunciate.serve.service_log import LOGGER, log_bug

MAX_MESSAGE_BYTES = 1_000_000
MAX_MESSAGES = 500_000
"""The most messages of one connection; ten hours of audio in pieces of 0.1 s are fewer."""
STALLED_S = 30.0
"""Seconds within which a client that is to send audio must send some."""
IDLE_S = 300.0
"""Seconds after which a connection that nobody uses is closed."""
SEND_S = 10.0
"""Seconds within which a client must take a message."""
_QUEUED = 64
NORMAL, BAD_DATA, FAILED, GONE = 1000, 1007, 1011, 1006
"""Codes with which a connection is closed (RFC 6455)."""
_MAX_REASON = 123

Message = str | bytes


class CloseError(Exception):
    """Closes the connection with a code and a reason, which the client is told."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.reason = reason.encode()[:_MAX_REASON].decode(errors="ignore")


class Connection:
    """An open websocket."""

    def __init__(self, websocket: WebSocket) -> None:
        self.websocket = websocket
        self.n_bytes = self._n_messages = 0
        self._queue: asyncio.Queue[Message] = asyncio.Queue(_QUEUED)

    async def receive(self, within_s: float) -> Message:
        """Return the next message.

        Raises:
            CloseError: there is none within a time, or there were too many.
        """
        try:
            async with asyncio.timeout(within_s):
                return await self._queue.get()
        except TimeoutError:
            reason = "" if within_s == IDLE_S else f"no audio has arrived for {within_s:g} s"
            raise CloseError(NORMAL if within_s == IDLE_S else BAD_DATA, reason) from None

    async def send(self, text: str) -> None:
        """Send a message.

        Raises:
            CloseError: the client does not take it in time.
        """
        try:
            async with asyncio.timeout(SEND_S):
                await self.websocket.send_text(text)
        except TimeoutError:
            raise CloseError(FAILED, "the answer was not taken in time") from None

    async def read(self) -> int:
        """Read messages until the client is gone, and return the code with which it closed."""
        while True:
            message = await self.websocket.receive()
            if message["type"] == "websocket.disconnect":
                return int(message.get("code", GONE))
            data: Message = message.get("text") or message.get("bytes") or b""
            self.n_bytes += len(data)
            self._n_messages += 1
            if self._n_messages > MAX_MESSAGES:
                return BAD_DATA
            await self._queue.put(data)


async def serve_connection(
    websocket: WebSocket,
    service: Service,
    *,
    check: Callable[[WebSocket, Service], None],
    talk: Callable[[Connection], Awaitable[None]],
    refuse: Callable[[ProblemError], Response],
) -> None:
    """Serve one connection from its request to its end, and record it.

    Args:
        websocket: one that is not accepted yet.
        service: the service.
        check: raises a `ProblemError` for a client that may not connect.
        talk: answers the messages; the connection is closed when it returns.
        refuse: turns a problem into the HTTP response in place of a connection.
    """
    started, code = time.perf_counter(), GONE
    connection = Connection(websocket)
    try:
        try:
            check_origin(websocket, service.settings.cors_origins)
            check(websocket, service)
            with service.admission.connect():
                await websocket.accept()
                code = await _talk_until_gone(connection, talk)
        except ProblemError as problem:
            code = problem.status
            await websocket.send_denial_response(refuse(problem))
    finally:
        _record(websocket, service, code, connection.n_bytes, time.perf_counter() - started)


def check_origin(websocket: WebSocket, allowed: tuple[str, ...]) -> None:
    """Refuse a page of another site, unless it is allowed; only browsers say where a page comes from.

    Raises:
        ProblemError: it is not allowed.
    """
    origin = websocket.headers.get("origin")
    if origin is None or "*" in allowed or origin in allowed:
        return
    try:
        site = urlsplit(origin).netloc
    except ValueError:
        site = ""
    if site != websocket.headers.get("host"):
        raise ProblemError(403, "forbidden", "pages of this site may not call the service: see --cors")


async def _talk_until_gone(connection: Connection, talk: Callable[[Connection], Awaitable[None]]) -> int:
    """Answer messages until the client is gone or `talk` returns, and return the code of the end."""
    reading = asyncio.ensure_future(connection.read())
    talking = asyncio.ensure_future(talk(connection))
    try:
        await asyncio.wait((reading, talking), return_when=asyncio.FIRST_COMPLETED)
        if not talking.done():
            code = reading.result()
            if code != BAD_DATA:
                return code
            raise CloseError(BAD_DATA, "too many messages")
        talking.result()
        close = CloseError(NORMAL)
    except CloseError as error:
        close = error
    except ProblemError as problem:
        close = CloseError(FAILED, problem.detail)
    except WebSocketDisconnect:
        return GONE
    except Exception as bug:
        log_bug(bug)
        close = CloseError(FAILED, "the service failed; its log says where")
    finally:
        for task in (reading, talking):
            task.cancel()
        await asyncio.wait((reading, talking))
    with contextlib.suppress(
        RuntimeError, WebSocketDisconnect, TimeoutError
    ):  # the client may be gone by now
        async with asyncio.timeout(SEND_S):
            await connection.websocket.close(close.code, close.reason)
    return close.code


def _record(websocket: WebSocket, service: Service, code: int, n_bytes: int, took_s: float) -> None:
    route = str(getattr(websocket.scope.get("route"), "path", "other"))
    service.metrics.requests.labels(f"WS {route}", str(code)).inc()
    line = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "id": str(uuid.uuid4()),
        "method": "WS",
        "route": route,
        "status": code,
        "ms": round(1000 * took_s, 1),
        "bytes": n_bytes,
    }
    LOGGER.info(json.dumps(line))
