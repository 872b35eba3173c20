"""A server with the engine of `serve_worker`; run as a program, it prints its port once it listens."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from enunciate.serve.http.server import bind, serve
from enunciate.serve.settings import ServiceSettings

WORKER = str(Path(__file__).with_name("serve_worker.py"))


def worker_command(settings: ServiceSettings, gate: str | Path) -> list[str] | None:
    """The command for a worker; None for the packaged engine, which has the real one."""
    if settings.model == "pocket":
        return None
    return [sys.executable, WORKER, settings.model, str(settings.max_clip_s), str(gate)]


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    settings = ServiceSettings(**{"workers": 1, "model": "obedient"} | given)
    listener = bind("127.0.0.1", 0)
    port = listener.getsockname()[1]
    command = worker_command(settings, sys.argv[2])
    serve(listener, settings, command=command, on_start=lambda: print(port, flush=True))
