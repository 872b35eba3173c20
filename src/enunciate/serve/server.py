"""A server process: from a free port to the exit after the last answer."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Sequence

import uvicorn

from enunciate.errors import ServiceError
from enunciate.serve.app import create_app
from enunciate.serve.service import Service
from enunciate.serve.settings import Settings

POLL_S = 0.02


def bind(host: str, port: int) -> socket.socket:
    """Take an address, before anything is loaded.

    Raises:
        ServiceError: it is taken, or not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ServiceError(
            f"cannot listen on {host}, port {port} ({error.strerror}): give another --port"
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
        app, log_level="warning", access_log=False, server_header=False, lifespan="on", ws="none"
    )
    asyncio.run(_serve(_Server(config), app.state.service, listener, started))


class _Server(uvicorn.Server):
    """uvicorn's, without its way of ending: it would die of the signal in place of returning."""

    def capture_signals(self):
        import contextlib

        return contextlib.nullcontext()


async def _serve(
    server: _Server, service: Service, listener: socket.socket, started: Callable[[], None]
) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not running.done():
        await asyncio.sleep(POLL_S)
    started()
    await stop.wait()
    service.draining = True
    try:
        async with asyncio.timeout(service.settings.grace_s):
            while service.busy:
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        pass
    server.should_exit = True
    await running
