"""A server process: from a free port to the exit after the last answer."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Sequence
from types import FrameType

import uvicorn

from enunciate.errors import ServiceError
from enunciate.serve.http.app import create_app
from enunciate.serve.http.service import Service
from enunciate.serve.http.settings import Settings

_POLL_S = 0.02
_BACKLOG = 2048


def bind(host: str, port: int) -> socket.socket:
    """Take an address, before anything is loaded.

    Raises:
        ServiceError: it is taken, or not ours.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind)
        if os.name == "posix":  # where it lets a port be taken that was just left; elsewhere, one in use
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        raise ServiceError(
            f"cannot listen on {host}, port {port} ({error.strerror}): give another --host or --port"
        ) from None
    return listener


def serve(
    listener: socket.socket,
    settings: Settings,
    *,
    command: Sequence[str] | None = None,
    started: Callable[[], None] = lambda: None,
) -> None:
    """Serve until a signal says to stop; what is under way is finished then.

    Args:
        listener: as `bind` gives it.
        settings: of the service.
        command: as of `create_app`.
        started: called once, when requests are taken.

    Raises:
        ServiceError: the engine cannot be loaded.
    """
    app = create_app(settings, command)
    config = uvicorn.Config(
        app,
        lifespan="on",
        ws="none",
        log_level="error",  # to warn of what strangers send would let them fill the log
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,  # the time of grace is over by then
    )
    asyncio.run(_Server(config, app.state.service).run_until_told(listener, started))


class _Server(uvicorn.Server):
    """uvicorn's with another end: it would close its doors at once, and then die of the signal."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service
        self._told = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal: the first lets what is under way finish, a second does not."""
        assert self._loop is not None
        if self._service.draining:
            self.should_exit = self.force_exit = True
        self._service.draining = True
        self._loop.call_soon_threadsafe(self._told.set)

    async def run_until_told(self, listener: socket.socket, started: Callable[[], None]) -> None:
        """Serve; see `serve`."""
        self._loop = asyncio.get_running_loop()
        serving = asyncio.create_task(self.serve(sockets=[listener]))
        while not self.started and not serving.done():
            await asyncio.sleep(_POLL_S)
        if self.started:
            started()
        told = asyncio.create_task(self._told.wait())
        refused = asyncio.create_task(self._service.pool.refused())
        await asyncio.wait((serving, told, refused), return_when=asyncio.FIRST_COMPLETED)
        await self._drain()
        self.should_exit = True
        await serving
        told.cancel()
        if refused.done():
            raise ServiceError(refused.result())
        refused.cancel()

    async def _drain(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._service.settings.grace_s):
                while self._service.busy and not self.force_exit:
                    await asyncio.sleep(_POLL_S)
