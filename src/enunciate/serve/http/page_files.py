"""The files of the page, served at the root and under `/static`."""

from __future__ import annotations

from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

FOLDER = Path(__file__).parents[1] / "static"


class PageFiles(StaticFiles):
    """Serves the files of `static`; browsers cache them, but revalidate them each time."""

    def __init__(self) -> None:
        super().__init__(directory=FOLDER, html=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a file; there is no websocket among them."""
        if scope["type"] == "websocket":
            await WebSocket(scope, receive, send).send_denial_response(PlainTextResponse("Not Found", 404))
            return
        await super().__call__(scope, receive, send)

    def get_path(self, scope: Scope) -> str:
        """Return the path of the requested file below the folder."""
        path = "/docs.html" if scope["path"] == "/docs" else scope["path"].removeprefix("/static")
        return super().get_path({**scope, "path": path})

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file, or 404; a 405 has the header `Allow`, as HTTP requires."""
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        if "\0" in path:  # no file has such a name, and some releases of Starlette fail on it
            raise HTTPException(404)
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response
