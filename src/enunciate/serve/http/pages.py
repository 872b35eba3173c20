"""The page: the files of the package's folder `static`, at the root and under `/static`."""

from __future__ import annotations

from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parents[1] / "static"


class Pages(StaticFiles):
    """Serves those files; a browser keeps them, but asks each time whether they are still the same."""

    def __init__(self) -> None:
        super().__init__(directory=FOLDER, html=True)

    def get_path(self, scope: Scope) -> str:
        """The file asked for, below the folder."""
        return super().get_path({**scope, "path": scope["path"].removeprefix("/static")})

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, or 404; that other methods are not allowed says so with `Allow`, as HTTP wants it."""
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response
