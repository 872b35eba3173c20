"""The command line: what all commands share, and the list of them.

Each command imports what it needs when it runs, so that `enunciate --help` does not wait for an engine.
"""

from __future__ import annotations

import io
import logging
import sys
from typing import Annotated

import typer

from enunciate.cli.assess import assess
from enunciate.cli.benchmark import benchmark
from enunciate.cli.compare import compare
from enunciate.cli.evaluate import evaluate
from enunciate.cli.export import export
from enunciate.cli.info import info
from enunciate.cli.log import configure_logging
from enunciate.cli.mcp import mcp
from enunciate.cli.merge import merge
from enunciate.cli.read import read
from enunciate.cli.recipes import recipes
from enunciate.cli.report import report
from enunciate.cli.serve import serve
from enunciate.cli.train import train

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,  # it would take 'enunciate[eval]' for markup, and put a box around each error
    pretty_exceptions_enable=False,  # a plain traceback is the most useful part of a bug report
    help="Assess English pronunciation: scores for the utterance, its words and its phones.",
)
for command in (
    *(assess, merge, read, evaluate, report, compare, benchmark),
    *(train, export, recipes, serve, mcp, info),
):
    app.command()(command)


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # JSON and IPA need UTF-8, also in a pipe on Windows
            stream.reconfigure(encoding="utf-8")
    app(prog_name="enunciate")  # also when started by `python -m enunciate`


def _show_version(wanted: bool) -> None:
    if wanted:
        import enunciate

        typer.echo(f"enunciate {enunciate.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Log what is done, and when, to stderr.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    configure_logging(logging.DEBUG if verbose else logging.WARNING)
