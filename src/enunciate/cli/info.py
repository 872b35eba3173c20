"""`enunciate info`: what a bug report needs."""

from __future__ import annotations

import typer


def info() -> None:
    """Show versions, packages, the model and the machine, for a bug report."""
    from enunciate.cli.environment import environment

    for name, value in environment().items():
        typer.echo(f"{name}: {value}")
