"""The command that serves a page and an HTTP interface."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from enunciate.cli.exits import reporting
from enunciate.errors import needing


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 8000,
    model: Annotated[str, typer.Option(help="As of 'enunciate assess'.")] = "pocket",
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Processes with the engine; by default one a core.", show_default=False),
    ] = None,
    queue: Annotated[int, typer.Option(min=0, help="Clips that may wait; those beyond get 429.")] = 32,
    timeout_s: Annotated[float, typer.Option(min=0.1, help="For a clip to wait, and again to run.")] = 30,
    max_mb: Annotated[float, typer.Option(min=0.001, help="Of a request's audio.")] = 10,
    max_s: Annotated[float, typer.Option(min=0.3, max=60, help="Of a clip.")] = 60,
    keys: Annotated[
        Path | None, typer.Option(help="Ask for API keys: a file with the SHA-256 of each, one a line.")
    ] = None,
    cors: Annotated[
        list[str] | None, typer.Option(metavar="ORIGIN", help="Other sites whose pages may call this one.")
    ] = None,
) -> None:
    """Serve a page and an HTTP interface.

    Needs: pip install 'enunciate[serve]'.
    """
    with reporting("the service has ended"), needing("serve"):
        from enunciate.serve.http.keys import ENVIRONMENT, read_hashes
        from enunciate.serve.http.server import bind
        from enunciate.serve.http.server import serve as serve_on
        from enunciate.serve.http.settings import Settings, available_cores

        settings = Settings(
            model=model,
            workers=workers or available_cores(),
            queue=queue,
            timeout_s=timeout_s,
            max_bytes=int(max_mb * 1e6),
            max_s=max_s,
            key_hashes=read_hashes(keys, os.environ.get(ENVIRONMENT, "")),
            origins=tuple(cors or ()),
        )
        listener = bind(host, port)
        shown = f"[{host}]" if ":" in host else host
        address = f"http://{shown}:{listener.getsockname()[1]}"
        serve_on(listener, settings, started=lambda: typer.echo(f"{address}  (Ctrl-C stops it)"))
