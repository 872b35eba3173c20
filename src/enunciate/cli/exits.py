"""How a command ends that did not go well: a line on stderr and an exit code in place of a traceback."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import typer

from enunciate.errors import EXIT_CODE, EnunciateError, RecipeError

INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 and the number of the signal, as shells have it."""


@contextmanager
def reporting(kept: str) -> Generator[None, None, None]:
    """Tell a user's error, or what a stop has left.

    Args:
        kept: what is there of the work after a stop.
    """
    try:
        yield
    except RecipeError as error:
        typer.echo("\n  ".join(["error: the recipe cannot be used:", *error.problems]), err=True)
        raise typer.Exit(EXIT_CODE) from None
    except EnunciateError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(EXIT_CODE) from None
    except KeyboardInterrupt:
        typer.echo(f"stopped: {kept}", err=True)
        raise typer.Exit(INTERRUPTED) from None
