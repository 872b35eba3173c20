"""`enunciate recipes`: list the recipes that ship, or print one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from enunciate.cli.exit_codes import exit_on_error

if TYPE_CHECKING:
    from rich.table import Table

    from enunciate.recipes import ShippedRecipe


def recipes(
    name: Annotated[
        str | None,
        typer.Argument(help="Print this recipe, for instance to change a copy.", show_default=False),
    ] = None,
) -> None:
    """List the recipes that ship with the package, or print one."""
    with exit_on_error(on_interrupt="nothing was written"):
        from enunciate.cli.terminal import show
        from enunciate.recipes import recipe_path, shipped_recipes

        if name is None:
            show(_recipes_table(shipped_recipes()))
        else:
            typer.echo(recipe_path(name).read_text(encoding="utf-8"), nl=False)


def _recipes_table(recipes: Iterable[ShippedRecipe]) -> Table:
    from enunciate.cli.terminal import NOTHING, plain_table

    table = plain_table("recipe", "kind", "what it trains")
    for recipe in recipes:
        table.add_row(recipe.name, recipe.kind or NOTHING, recipe.summary)
    return table
