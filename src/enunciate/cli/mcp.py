"""`enunciate mcp`: a server by which an assistant assesses recordings."""

from __future__ import annotations

from typing import Annotated

import typer

from enunciate.cli.exit_codes import exit_on_error
from enunciate.errors import needing


def mcp(
    model: Annotated[str, typer.Option(help="Same as for `enunciate assess`.")] = "pocket",
) -> None:
    """Let an assistant assess recordings, by the Model Context Protocol on standard input and output.

    Needs: pip install 'enunciate[mcp]'.
    """
    with exit_on_error(on_interrupt="the server has ended"), needing("mcp"):
        from enunciate.engines import load_assessor
        from enunciate.mcp.server import create_server

        create_server(load_assessor(model)).run("stdio")
