"""`enunciate serve`: the HTTP API, and a web page that uses it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from enunciate.cli.exit_codes import exit_on_error
from enunciate.cli.options import CompileLayersOption, WeightsChoice, WeightsOption
from enunciate.errors import needing


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 for any that is free.")] = 8000,
    model: Annotated[str, typer.Option(help="Same as for `enunciate assess`.")] = "pocket",
    weights: WeightsOption = WeightsChoice.FULL,
    compile_layers: CompileLayersOption = False,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Processes with their own engine. Default: one per core.",
            show_default=False,
        ),
    ] = None,
    queue: Annotated[
        int, typer.Option(min=0, help="Clips that may wait for a worker; further requests get 429.")
    ] = 32,
    timeout_s: Annotated[float, typer.Option(min=0.1, help="Seconds a clip may queue, and then run.")] = 30,
    max_mb: Annotated[float, typer.Option(min=0.001, help="Maximum audio per request (MB).")] = 10,
    max_s: Annotated[float, typer.Option(min=0.3, max=600, help="Maximum duration of a clip (s).")] = 60,
    keys: Annotated[
        Path | None,
        typer.Option(help="Require API keys: a file with the SHA-256 hash of each key, one per line."),
    ] = None,
    cors: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ORIGIN", help="Allow pages of this origin to call the API; can be given several times."
        ),
    ] = None,
) -> None:
    """Serve an HTTP API and a web page to practise with.

    Needs: pip install 'enunciate[serve]'.
    """
    with exit_on_error(on_interrupt="the service has ended"), needing("serve"):
        from enunciate.serve.http.api_keys import ENVIRONMENT, read_hashes
        from enunciate.serve.http.server import bind
        from enunciate.serve.http.server import serve as serve_on
        from enunciate.serve.settings import ServiceSettings, available_cores

        settings = ServiceSettings(
            model=model,
            weights=weights.value,
            compile_layers=compile_layers,
            workers=workers or available_cores(),
            queue_size=queue,
            timeout_s=timeout_s,
            max_bytes=int(max_mb * 1e6),
            max_clip_s=max_s,
            key_hashes=read_hashes(keys, os.environ.get(ENVIRONMENT, "")),
            cors_origins=tuple(cors or ()),
        )
        listener = bind(host, port)
        shown = f"[{host}]" if ":" in host else host
        address = f"http://{shown}:{listener.getsockname()[1]}"
        serve_on(listener, settings, on_start=lambda: typer.echo(f"{address}  (Ctrl-C stops it)"))
