"""Run as a program, a server with the engine of `serve_worker`; it prints its port once it takes requests."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from enunciate.serve.http.server import bind, serve
from enunciate.serve.settings import ServiceSettings

WORKER = str(Path(__file__).with_name("serve_worker.py"))


def command_of(settings: ServiceSettings) -> list[str] | None:
    """None for the engine of the package, which the real worker has."""
    if settings.model == "pocket":
        return None
    return [sys.executable, WORKER, settings.model, str(settings.max_clip_s)]


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    given["key_hashes"] = frozenset(given.get("key_hashes", ()))
    settings = ServiceSettings(**{"workers": 1, "model": "moody"} | given)
    listener = bind("127.0.0.1", 0)
    port = listener.getsockname()[1]
    serve(listener, settings, command=command_of(settings), on_start=lambda: print(port, flush=True))
