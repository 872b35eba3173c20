"""The command that trains and tests all systems alike."""

from __future__ import annotations

import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from enunciate.cli.exits import reporting
from enunciate.errors import EXIT_CODE, needing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from enunciate.benchmark.run import Outcome, Planned


class ProtocolName(StrEnum):
    """Who is learnt from, and who is tested."""

    OFFICIAL = "official"
    FOLDS = "folds"


def benchmark(
    corpus: Annotated[Path, typer.Option(envvar="ENUNCIATE_CORPUS", help="Folder of Speechocean762.")],
    out: Annotated[
        Path,
        typer.Option(help="Folder for what is trained and found; a run that was stopped goes on from it."),
    ],
    plan: Annotated[
        str,
        typer.Option(help="The rows: which systems, trained by which recipes. A YAML file, or a name."),
    ] = "benchmark",
    protocol: Annotated[
        ProtocolName,
        typer.Option(
            help="official: learn from the train split, be tested on the test split; needs the whole corpus. "
            "folds: five folds over the labelled speakers of the test split."
        ),
    ] = ProtocolName.OFFICIAL,
    rows: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this row; can be given several times.")
    ] = None,
    override: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[ROW:]KEY=VALUE",
            help="A value of a recipe, for all stages that have it, for those of a ROW (or a shared stage), "
            "or for ROW/STAGE. ROW:weights=FOLDER tests that folder in place of training.",
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Say what would be run, what it needs and what is missing; stop."),
    ] = False,
) -> None:
    """Train and test every system that can be, and set them side by side.

    Writes report.html, benchmark.md and benchmark.json. Exit code 2 if a row failed; one that cannot be run
    here is listed with the reason. Needs: pip install 'enunciate[eval]' and the extras of the rows.
    """
    with reporting(f"what is done is kept in {out}; the same command goes on from there"), needing("eval"):
        from enunciate.benchmark.plan import read_plan
        from enunciate.benchmark.run import plan_rows, prepare, run_rows
        from enunciate.benchmark.summary import PAGE, TABLE, write_summary
        from enunciate.cli.tables import progress_bar
        from enunciate.recipes import recipe_path

        plan_path = recipe_path(plan)
        found = read_plan(plan_path)
        place, material = prepare(corpus, out, protocol.value)
        planned = plan_rows(found, plan_path.parent, place, rows or (), override or ())
        if dry_run:
            _show_plan(planned)
            return
        outcomes = run_rows(planned, place, material, lambda text: typer.echo(text, err=True))
        command = shlex.join(["enunciate", *sys.argv[1:]])
        with progress_bar("report") as progress:
            write_summary(outcomes, place, material, command, progress)
        _show(outcomes)
        typer.echo(f"written to {out / TABLE} and {out / PAGE}")
    if any(one.status == "failed" for one in outcomes):
        raise typer.Exit(EXIT_CODE)


def _show_plan(planned: Sequence[Planned]) -> None:
    for one in planned:
        typer.echo(f"{one.row.name}: {one.row.about}")
        tested = f"tested as it is: {one.job.weights}" if one.job.weights else None
        for run in one.job.runs:
            settings = f" {' '.join(run.settings)}" if run.settings else ""
            typer.echo(f"  {run.key}: {run.recipe}{settings}")
        for line in [tested] if tested else []:
            typer.echo(f"  {line}")
        for problem in one.missing or ["nothing"]:
            typer.echo(f"  missing: {problem}")


def _show(outcomes: Sequence[Outcome]) -> None:
    for one in outcomes:
        typer.echo(f"{one.name}: {one.status}{f' ({one.reason})' if one.reason else ''}")
