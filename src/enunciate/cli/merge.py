"""`enunciate merge`: the results of several machines as those of one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from enunciate.cli.assess_many import report_failures, rows_file, write_in_form
from enunciate.cli.exit_codes import exit_on_error
from enunciate.cli.output_format import OutputFormat
from enunciate.exports.level import Level


def merge(
    parts: Annotated[
        list[Path],
        typer.Argument(
            metavar="PART...",
            help="Files that `enunciate assess --shard` wrote: JSON lines, or the .jsonl beside a table; or "
            "folders that `enunciate assess --engine ray` wrote.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option(help="Write to this file; TextGrids, to this folder.")],
    manifest: Annotated[
        Path | None,
        typer.Option(help="The list of all clips: none may lack a row, and the rows get its order."),
    ] = None,
    format: Annotated[
        OutputFormat, typer.Option(help="json, csv, parquet or textgrid, as for `enunciate assess`.")
    ] = OutputFormat.JSON,
    level: Annotated[Level, typer.Option(help="What has a row in csv and parquet.")] = Level.PHONES,
) -> None:
    """Merge the results of the shares of a list into the results of the whole list.

    Exit code 2 if a clip could not be assessed; the others are written.
    """
    if format is OutputFormat.TABLE:
        raise typer.BadParameter("--format table is for one clip: choose json, csv, parquet or textgrid")
    with exit_on_error(on_interrupt="nothing was written"):
        from enunciate.clip_lists import read_clips
        from enunciate.distributed.part_folder import unpacked
        from enunciate.merging import merge_rows

        ids = None if manifest is None else [clip.id for clip in read_clips(manifest)]
        with unpacked(parts, beside=out) as files:
            counts = merge_rows(files, rows_file(out, format), ids)
        write_in_form(out, format, level)
        typer.echo(f"{counts.n_clips:,} clips written to {out}")
        report_failures(counts, format, None)
