"""The server process: it binds an address, serves, and exits after the last response."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Callable, Sequence
from types import FrameType

import uvicorn

from enunciate.errors import ServiceError
from enunciate.serve.http.app import create_app
from enunciate.serve.http.service import Service
from enunciate.serve.http.websocket_connection import MAX_MESSAGE_BYTES
from enunciate.serve.service_log import logging_to_stderr
from enunciate.serve.settings import ServiceSettings

_POLL_S = 0.02
_BACKLOG = 2048
_ABOUT_CLIENTS = ("Invalid UTF-8 sequence", "ASGI callable returned without completing handshake")
"""How errors begin that uvicorn logs where a client sends nonsense to a websocket, or leaves."""


def bind(host: str, port: int) -> socket.socket:
    """Bind an address and listen, before anything is loaded.

    Raises:
        ServiceError: the address is in use, or not one of this machine.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with contextlib.ExitStack() as on_failure:
            listener = on_failure.enter_context(socket.socket(family, kind))
            if os.name == "posix":  # there, it allows a port that was just released; on Windows, one in use
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(_BACKLOG)
            on_failure.pop_all()  # it stays open
    except OSError as error:
        raise ServiceError(
            f"cannot listen on {host}, port {port} ({error.strerror}): choose another --host or --port"
        ) from None
    return listener


def serve(
    listener: socket.socket,
    settings: ServiceSettings,
    *,
    command: Sequence[str] | None = None,
    on_start: Callable[[], None] = lambda: None,
) -> None:
    """Serve until a signal stops the service; requests in progress finish first.

    Args:
        listener: a socket from `bind`.
        settings: of the service.
        command: as `create_app` takes it.
        on_start: called once, when requests are accepted.

    Raises:
        ServiceError: the engine cannot be loaded.
    """
    app = create_app(settings, command)
    config = uvicorn.Config(
        app,
        lifespan="on",
        ws="websockets-sansio",
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_per_message_deflate=False,  # audio hardly shrinks, and a small message could unpack to a large one
        log_level="error",  # warnings about untrusted input would let a client fill the log
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,  # the grace period is over by then
    )
    logging.getLogger("uvicorn.error").addFilter(_is_about_the_service)
    with logging_to_stderr():
        asyncio.run(_DrainingServer(config, app.state.service).run_until_stopped(listener, on_start))


def _is_about_the_service(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith(_ABOUT_CLIENTS)


class _DrainingServer(uvicorn.Server):
    """A uvicorn server that drains first; uvicorn stops listening at once, and then re-raises the signal."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service
        self._stop_signalled = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Handle a signal: the first one drains the service, a second one stops it at once."""
        assert self._loop is not None
        if self._service.admission.draining:
            self.should_exit = self.force_exit = True
        self._service.admission.draining = True
        self._loop.call_soon_threadsafe(self._stop_signalled.set)

    async def run_until_stopped(self, listener: socket.socket, on_start: Callable[[], None]) -> None:
        """Serve as the function `serve` documents."""
        self._loop = asyncio.get_running_loop()
        serving = asyncio.create_task(self.serve(sockets=[listener]))
        while not self.started and not serving.done():
            await asyncio.sleep(_POLL_S)
        if self.started:
            on_start()
        stop_signalled = asyncio.create_task(self._stop_signalled.wait())
        load_error = asyncio.create_task(self._service.pool.load_error())
        await asyncio.wait((serving, stop_signalled, load_error), return_when=asyncio.FIRST_COMPLETED)
        await self._drain()
        self.should_exit = True
        await serving
        stop_signalled.cancel()
        if load_error.done():
            raise ServiceError(load_error.result())
        load_error.cancel()

    async def _drain(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._service.settings.shutdown_grace_s):
                while self._service.admission.busy and not self.force_exit:
                    await asyncio.sleep(_POLL_S)
