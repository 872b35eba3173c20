"""How a command that fails ends: with a message on stderr and an exit code, without a traceback."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import typer

from enunciate.errors import EXIT_CODE, EnunciateError, RecipeError

INTERRUPTED = 130
"""The exit code after Ctrl-C: 128 plus the number of the signal, as shells have it."""
RESUME = "what was done is kept in {}; rerun the same command to resume"


@contextmanager
def exit_on_error(*, on_interrupt: str) -> Generator[None, None, None]:
    """Turn user-correctable errors and Ctrl-C into a message and an exit code.

    Args:
        on_interrupt: What to tell the user about the work that is done when Ctrl-C stops the command.

    Raises:
        typer.Exit: With `EXIT_CODE` for an `EnunciateError`, with `INTERRUPTED` after Ctrl-C.
    """
    try:
        yield
    except RecipeError as error:
        typer.echo("\n  ".join([f"error: {error.source} cannot be used:", *error.problems]), err=True)
        raise typer.Exit(EXIT_CODE) from None
    except EnunciateError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(EXIT_CODE) from None
    except KeyboardInterrupt:
        typer.echo(f"stopped: {on_interrupt}", err=True)
        raise typer.Exit(INTERRUPTED) from None
