"""`enunciate assess` for many clips: rows as they come, from which a run resumes, and tables made of them."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from enunciate.cli.output_format import OutputFormat
from enunciate.errors import EXIT_CODE

if TYPE_CHECKING:
    from enunciate.engines import Assessor
    from enunciate.exports.level import Level
    from enunciate.manifest import RunCounts
    from enunciate.schema import Utterance


def rows_file(out: Path, format: OutputFormat) -> Path:
    """Return the file of JSON lines of a run, from which it resumes, beside or in what the user asked for."""
    if format is OutputFormat.TEXTGRID:
        return out / "assessments.jsonl"
    return out if format is OutputFormat.JSON else out.with_name(f"{out.name}.jsonl")


def assess_many(
    assessor: Assessor,
    utterances: list[Utterance],
    *,
    ipa: bool,
    format: OutputFormat,
    level: Level,
    out: Path | None,
) -> None:
    """Assess clips, and write JSON lines, CSV, Parquet or a folder of TextGrids.

    Raises:
        typer.Exit: A clip could not be assessed; the others are written.
    """
    from enunciate.assembly.ipa import in_ipa
    from enunciate.cli.terminal import progress_bar
    from enunciate.exports.csv_table import CsvTable
    from enunciate.manifest import assess_to_file, assess_to_stream, write_json_line

    convert = in_ipa if ipa else None
    with progress_bar("assessing", hidden=out is None and sys.stdout.isatty()) as progress:
        if out is None:
            is_csv = format is OutputFormat.CSV
            write = CsvTable(sys.stdout, level).write if is_csv else partial(write_json_line, sys.stdout)
            counts = assess_to_stream(assessor, utterances, write, convert=convert, progress=progress)
        else:
            rows = rows_file(out, format)
            counts = assess_to_file(assessor, utterances, rows, convert=convert, progress=progress)
    if out is not None:
        write_in_form(out, format, level)
    report_failures(counts, format, rows_file(out, format) if out else None)


def write_in_form(out: Path, format: OutputFormat, level: Level) -> None:
    """Make what the user asked for of the rows of a run, which `rows_file` names."""
    from enunciate.exports.csv_table import write_csv
    from enunciate.exports.parquet import write_parquet
    from enunciate.exports.textgrid_folder import write_textgrids
    from enunciate.manifest import read_json_rows
    from enunciate.storage import writing_to

    rows = rows_file(out, format)
    with writing_to(out):
        if format is OutputFormat.CSV:
            write_csv(read_json_rows(rows), level, out)
        elif format is OutputFormat.PARQUET:
            write_parquet(read_json_rows(rows), level, out)
        elif format is OutputFormat.TEXTGRID:
            write_textgrids(lambda: read_json_rows(rows), out)


def report_failures(counts: RunCounts, format: OutputFormat, rows: Path | None) -> None:
    """Tell how many clips failed, and how to retry them where the file of the rows is given.

    Raises:
        typer.Exit: There are any.
    """
    if not counts.n_failed:
        return
    retry = f" To retry them, fix them, delete their rows from {rows} and rerun this command." if rows else ""
    key = "failure" if format in (OutputFormat.CSV, OutputFormat.PARQUET) else "error"
    typer.echo(
        f"error: {counts.n_failed} of {counts.n_clips} clips could not be assessed: "
        f'"{key}" in their rows says why.{retry}',
        err=True,
    )
    raise typer.Exit(EXIT_CODE)
