"""`enunciate benchmark`: train and test all systems by one protocol."""

from __future__ import annotations

import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from enunciate.cli.exit_codes import RESUME, exit_on_error
from enunciate.cli.log import log_training
from enunciate.errors import EXIT_CODE, needing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from enunciate.benchmark.run import Outcome, PlannedRow


class ProtocolName(StrEnum):
    """Who is trained on, and who is tested."""

    OFFICIAL = "official"
    FOLDS = "folds"
    UNTRAINED = "untrained"


def benchmark(
    out: Annotated[
        Path,
        typer.Option(help="Folder for models and results; a stopped run resumes from it."),
    ],
    corpus: Annotated[
        Path | None,
        typer.Option(
            envvar="ENUNCIATE_CORPUS",
            help="Folder of Speechocean762; with --protocol untrained, any corpus or table.",
            show_default=False,
        ),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            help="With --protocol untrained, in place of a corpus a table of your own clips, as for "
            "`enunciate evaluate`."
        ),
    ] = None,
    plan: Annotated[
        str,
        typer.Option(help="Which systems to train, by which recipes: a YAML file, or a plan that ships."),
    ] = "benchmark",
    protocol: Annotated[
        ProtocolName,
        typer.Option(
            help="official: train on the train split, test on the test split; needs the whole corpus. "
            "folds: five folds over the labelled speakers of the test split. untrained: test weights, other "
            "systems and answers as they are, on the test split of any corpus."
        ),
    ] = ProtocolName.OFFICIAL,
    rows: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Run only this row; can be repeated."),
    ] = None,
    override: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[ROW:]KEY=VALUE",
            help="Replace a value of a recipe: in all stages that have it, in those of one ROW (or a shared "
            "stage), or in ROW/STAGE. ROW:weights=FOLDER tests that folder instead of training.",
        ),
    ] = None,
    system: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=COMMAND",
            help="Add a row for another system: 'mine=python mine.py {manifest} {out}' reads a list of clips "
            "and writes its answers (docs/other-systems.md); can be repeated.",
        ),
    ] = None,
    answers: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=FILE", help="Add a row for the answers that another system has given already."
        ),
    ] = None,
    test_on: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="DIR",
            help="Test every row on the test split of another corpus, too: a folder of L2-ARCTIC or EpaDB, "
            "or a table of labels (docs/corpora.md); can be repeated.",
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show what would be run and what is missing, then stop."),
    ] = False,
) -> None:
    """Train and test every system by one protocol, and compare them.

    Writes report.html, benchmark.md and benchmark.json. A row that cannot be run here is listed with the
    reason. Exit code 2 if a row failed. Needs: pip install 'enunciate[eval]' and the extras of the rows.
    """
    source = labels or corpus
    if source is None:
        raise typer.BadParameter("give --corpus, or the environment variable ENUNCIATE_CORPUS, or --labels")
    if labels and protocol is not ProtocolName.UNTRAINED:
        raise typer.BadParameter(
            "--labels goes with --protocol untrained, since nothing is trained on it; to test on it what "
            f"is trained on Speechocean762, give --test-on {labels}"
        )
    with exit_on_error(on_interrupt=RESUME.format(out)), needing("eval"):
        from enunciate.benchmark.elsewhere import read_corpora, run_elsewhere
        from enunciate.benchmark.plan import read_plan, with_systems
        from enunciate.benchmark.run import plan_rows, prepare, run_rows
        from enunciate.benchmark.summary import PAGE, TABLE, write_summary
        from enunciate.cli.terminal import progress_bar
        from enunciate.recipes import recipe_path

        corpora = read_corpora(test_on or [])
        workspace, data = prepare(source, out, protocol.value)
        whole_plan, added = with_systems(read_plan(recipe_path(plan)), system or (), answers or ())
        chosen = [*rows, *added] if rows else []
        planned = plan_rows(whole_plan, workspace, chosen, override or ())
        if dry_run:
            _show_plan(planned)
            return
        log_training()
        outcomes = run_rows(planned, workspace, data, _announce)
        done = {one.name for one in outcomes if one.status == "done"}
        jobs = [one.job for one in planned if one.row.name in done]
        elsewhere = list(run_elsewhere(jobs, corpora, workspace, _announce))
        command = shlex.join(["enunciate", *sys.argv[1:]])
        with progress_bar("report") as progress:
            write_summary(outcomes, workspace, data, command, progress, elsewhere)
        _show_outcomes(outcomes)
        typer.echo(f"written to {out / TABLE} and {out / PAGE}")
    if any(outcome.status == "failed" for outcome in outcomes):
        raise typer.Exit(EXIT_CODE)


def _announce(text: str) -> None:
    typer.echo(text, err=True)


def _show_plan(planned_rows: Sequence[PlannedRow]) -> None:
    for planned in planned_rows:
        typer.echo(f"{planned.row.name}: {planned.row.about}")
        for run in planned.job.runs:
            typer.echo(f"  {' '.join([f'{run.key}: {run.recipe.name}', *run.settings])}")
        if planned.job.weights:
            typer.echo(f"  tested without training: {planned.job.weights}")
        for problem in planned.missing or ["nothing"]:
            typer.echo(f"  missing: {problem}")


def _show_outcomes(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        reason = f" ({outcome.reason})" if outcome.reason else ""
        typer.echo(f"{outcome.name}: {outcome.status}{reason}")
