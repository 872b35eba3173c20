"""`enunciate report`: one HTML page of evaluated systems."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from enunciate.cli.exit_codes import exit_on_error
from enunciate.cli.options import EvaluatedCorpusOption
from enunciate.errors import needing


def report(
    outs: Annotated[
        list[Path],
        typer.Argument(
            metavar="OUT...",
            help="Folders that `enunciate evaluate` wrote, one per system.",
            show_default=False,
        ),
    ],
    corpus: EvaluatedCorpusOption,
    html: Annotated[Path, typer.Option(help="Write the page to this file; it needs no others.")],
    pdf: Annotated[
        Path | None, typer.Option(help="Also print it to this file. Needs Chromium, Chrome or Edge.")
    ] = None,
) -> None:
    """Write a page with the metrics of systems, charts, and the clips with the largest errors.

    The page embeds recordings and labels of the corpus: share it only as the corpus's licence allows. Needs:
    pip install 'enunciate[eval]'.
    """
    with exit_on_error(on_interrupt="nothing was written"), needing("eval"):
        from enunciate.cli.terminal import progress_bar
        from enunciate.evaluation.report.evaluated_systems import load_systems
        from enunciate.evaluation.report.page import report_html
        from enunciate.evaluation.report.pdf import find_browser, print_pdf
        from enunciate.storage import write_whole, writing_to

        browser = find_browser() if pdf is not None else None  # fails before the work, not after it
        systems = load_systems(outs, corpus)
        with progress_bar("systems") as progress:
            page = report_html(systems, progress)
        with writing_to(html):
            write_whole(html, page)
        typer.echo(f"written to {html} ({html.stat().st_size / 1e6:.1f} MB)")
        if pdf is not None and browser is not None:
            print_pdf(html, pdf, browser)
            typer.echo(f"written to {pdf}")
