"""`enunciate recipes`: list the recipes of the package, or print one."""

from __future__ import annotations

from typing import Annotated

import typer

from enunciate.cli.exits import reporting


def recipes(
    name: Annotated[
        str | None, typer.Argument(help="Print this one, to copy and change it.", show_default=False)
    ] = None,
) -> None:
    """List the recipes that ship with the package, or print one."""
    with reporting("nothing was written"):
        from enunciate.cli.tables import recipes_view, show
        from enunciate.recipes import recipe_path, shipped_recipes

        if name is None:
            show(recipes_view(shipped_recipes()))
        else:
            typer.echo(recipe_path(name).read_text(encoding="utf-8"), nl=False)
