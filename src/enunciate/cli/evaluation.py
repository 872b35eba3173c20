"""The commands that read what `enunciate evaluate` wrote: a report of systems, and two systems compared."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from enunciate.cli.exits import reporting
from enunciate.errors import needing

Corpus = Annotated[
    Path,
    typer.Option(envvar="ENUNCIATE_CORPUS", help="Folder of Speechocean762 that they were evaluated on."),
]


def report(
    outs: Annotated[
        list[Path],
        typer.Argument(
            metavar="OUT...", help="Folders that enunciate evaluate wrote, one a system.", show_default=False
        ),
    ],
    corpus: Corpus,
    html: Annotated[Path, typer.Option(help="Write the page here: one file, with everything in it.")],
    pdf: Annotated[
        Path | None, typer.Option(help="Print it here too. Needs Chromium, Chrome or Edge.")
    ] = None,
) -> None:
    """Write a page with the figures of systems, charts, and the clips that they misjudge.

    It holds sound and labels of the corpus: pass it on only as the corpus's licence allows. Needs:
    pip install 'enunciate[eval]'.
    """
    with reporting("nothing was written"), needing("eval"):
        from enunciate.cli.tables import progress_bar
        from enunciate.evaluation.report.page import report_html
        from enunciate.evaluation.report.pdf import find_browser, print_pdf
        from enunciate.evaluation.report.systems import load_systems
        from enunciate.storage import write_whole, writing_to

        browser = find_browser() if pdf is not None else None  # before the work, not after it
        systems = load_systems(outs, corpus)
        with progress_bar("systems") as progress:
            page = report_html(systems, progress)
        with writing_to(html):
            write_whole(html, page)
        typer.echo(f"written to {html} ({html.stat().st_size / 1e6:.1f} MB)")
        if pdf is not None and browser is not None:
            print_pdf(html, pdf, browser)
            typer.echo(f"written to {pdf}")


def compare(
    a: Annotated[Path, typer.Argument(help="Folder that enunciate evaluate wrote.", show_default=False)],
    b: Annotated[Path, typer.Argument(help="Another one.", show_default=False)],
    corpus: Corpus,
    json: Annotated[bool, typer.Option("--json", help="Print JSON in place of the table.")] = False,
) -> None:
    """Say in which figures two systems differ: A - B with paired 95% intervals over speakers.

    Needs: pip install 'enunciate[eval]'.
    """
    with reporting("nothing was kept"), needing("eval"):
        from enunciate.cli.comparison_table import comparison_view
        from enunciate.cli.tables import show
        from enunciate.evaluation.compare import compare as compare_systems
        from enunciate.evaluation.report.systems import load_systems

        systems = load_systems([a, b], corpus)
        found = compare_systems(systems[0].pairs, systems[1].pairs)
        if json:
            typer.echo(found.model_dump_json(indent=2))
        else:
            show(comparison_view(found, systems[0].name, systems[1].name))
