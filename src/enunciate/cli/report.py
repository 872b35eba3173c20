"""`enunciate report`: one HTML page of evaluated systems, or of tables of results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from enunciate.cli.exit_codes import exit_on_error
from enunciate.errors import needing


def report(
    outs: Annotated[
        list[str],
        typer.Argument(
            metavar="[NAME=]OUT...",
            help="Folders that `enunciate evaluate` wrote, one per system; or results of many clips, which "
            "`enunciate assess` or `merge` wrote in Parquet or CSV at the level of utterances. NAME is how "
            "the page calls it.",
            show_default=False,
        ),
    ],
    html: Annotated[Path, typer.Option(help="Write the page to this file; it needs no others.")],
    corpus: Annotated[
        Path | None,
        typer.Option(
            envvar="ENUNCIATE_CORPUS",
            help="For evaluated systems: the corpus they were evaluated on, or the table of labels.",
        ),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            help="For results of many clips: a table (.csv, .tsv, .jsonl, .parquet) of their human "
            "scores, speakers, ages and first languages (docs/corpora.md)."
        ),
    ] = None,
    phones: Annotated[
        Path | None,
        typer.Option(help="For results of many clips: the same results at the level of phones."),
    ] = None,
    pdf: Annotated[
        Path | None, typer.Option(help="Also print it to this file. Needs Chromium, Chrome or Edge.")
    ] = None,
) -> None:
    """Write a page with the metrics of systems, charts, and the clips with the largest errors.

    The page of evaluated systems embeds recordings and labels of the corpus: share it only as the corpus's
    licence allows. Needs: pip install 'enunciate[eval]'; for results of many clips, 'enunciate[report]'.
    """
    with exit_on_error(on_interrupt="nothing was written"):
        from enunciate.evaluation.report.pdf import find_browser, print_pdf
        from enunciate.evaluation.report.system_names import named_paths
        from enunciate.results_report.clip_table import is_table
        from enunciate.storage import write_whole, writing_to

        browser = find_browser() if pdf is not None else None  # fails before the work, not after it
        systems = named_paths(outs)
        tables = {is_table(path) for path in systems.values()}
        if len(tables) > 1:
            raise typer.BadParameter("give either evaluated systems or tables of results, not both")
        if tables == {True}:
            page = _page_of_tables(systems, labels, phones)
        else:
            if labels is not None or phones is not None:
                raise typer.BadParameter("--labels and --phones go with tables of results")
            rows = next((path for path in systems.values() if path.is_file()), None)
            if rows is not None:
                raise typer.BadParameter(
                    f"{rows} is not a table: make one of JSON lines with `enunciate merge {rows} --out "
                    "table.parquet --format parquet --level utterances`"
                )
            if corpus is None:
                raise typer.BadParameter("evaluated systems need --corpus, on which they were evaluated")
            page = _page_of_systems(systems, corpus)
        with writing_to(html):
            html.parent.mkdir(parents=True, exist_ok=True)
            write_whole(html, page)
        typer.echo(f"written to {html} ({html.stat().st_size / 1e6:.2f} MB)")
        if pdf is not None and browser is not None:
            print_pdf(html, pdf, browser)
            typer.echo(f"written to {pdf}")


def _page_of_systems(systems: dict[str, Path], corpus: Path) -> str:
    with needing("eval"):
        from enunciate.cli.terminal import progress_bar
        from enunciate.evaluation.report.evaluated_systems import load_systems
        from enunciate.evaluation.report.page import report_html

        loaded = load_systems(systems, corpus)
        with progress_bar("systems") as progress:
            return report_html(loaded, progress)


def _page_of_tables(systems: dict[str, Path], labels: Path | None, phones: Path | None) -> str:
    from enunciate.cli.terminal import progress_bar
    from enunciate.results_report.clip_table import ClipTable
    from enunciate.results_report.page import results_html

    if phones is not None and len(systems) > 1:
        raise typer.BadParameter("--phones goes with the results of one system")
    with needing("eval"):
        opened = [ClipTable(name, path, labels, phones) for name, path in systems.items()]
        with progress_bar("systems") as progress:
            return results_html(opened, progress)
