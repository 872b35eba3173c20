"""`enunciate assess`: one clip as a table, JSON or CSV, or many clips as JSON lines."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from enunciate.cli.exit_codes import RESUME, exit_on_error
from enunciate.cli.options import AccentChoice, AccentOption, ModelOption
from enunciate.errors import EXIT_CODE

if TYPE_CHECKING:
    from enunciate.engines import Assessor
    from enunciate.manifest import RunCounts
    from enunciate.schema import Assessment, Utterance


LONG_READING_S = 20.0
"""A reading of this length shows its progress: it takes half a second or more."""


class OutputFormat(StrEnum):
    """How the assessment of one clip is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class PhoneAlphabet(StrEnum):
    """The alphabet in which phones are written."""

    ARPABET = "arpabet"
    IPA = "ipa"


def assess(
    audio: Annotated[
        list[Path] | None, typer.Argument(help="One clip or several.", show_default=False)
    ] = None,
    text: Annotated[
        str | None,
        typer.Option(
            help="Reference text. A word can carry its pronunciation: 'tomato{T AH M EY T OW}'. "
            "Without a reference text, phones are recognised but not scored."
        ),
    ] = None,
    manifest: Annotated[
        Path | None,
        typer.Option(
            help='JSON lines, one clip per line: {"audio": "a.wav", "text": "...", "id": "a"}. "text" and '
            '"id" are optional; audio paths are relative to the folder of the manifest.'
        ),
    ] = None,
    model: ModelOption = "pocket",
    format: Annotated[
        OutputFormat | None,
        typer.Option(
            help="table: for reading. json: everything. csv: for a spreadsheet, one row per phone (its word, "
            "times, score from 0 to 2 with the 90% interval, heard phone, whether it was mispronounced). "
            "Default: a table for one clip; several clips are always written as JSON lines.",
            show_default=False,
        ),
    ] = None,
    phones: Annotated[PhoneAlphabet, typer.Option(help="Alphabet of the phones.")] = PhoneAlphabet.ARPABET,
    lexicon: Annotated[
        Path | None, typer.Option(help="Your own pronunciations, one per line: 'WORD PH1 PH2 ...'.")
    ] = None,
    accent: AccentOption = AccentChoice.US,
    out: Annotated[
        Path | None,
        typer.Option(help="Write to this file. A stopped run of several clips resumes from it."),
    ] = None,
) -> None:
    """Assess the pronunciation in one clip or several.

    Exit code 2 if a clip could not be assessed; the other clips are assessed all the same.
    """
    many = manifest is not None or len(audio or []) > 1
    _check_usage(audio, text, manifest, format, out)
    with exit_on_error(on_interrupt=RESUME.format(out) if many and out else "nothing was kept"):
        from enunciate.engines import load_assessor
        from enunciate.manifest import read_manifest, utterances_from

        utterances = read_manifest(manifest) if manifest else utterances_from(audio or [], text)
        utterances = [one.model_copy(update={"accent": accent.value}) for one in utterances]
        assessor = load_assessor(model, lexicon=lexicon)
        in_ipa = phones is PhoneAlphabet.IPA
        if many:
            _assess_many(assessor, utterances, in_ipa, out)
        else:
            _assess_one(assessor, utterances, in_ipa, format or OutputFormat.TABLE, out)


def _check_usage(
    audio: list[Path] | None,
    text: str | None,
    manifest: Path | None,
    format: OutputFormat | None,
    out: Path | None,
) -> None:
    if bool(audio) == bool(manifest):
        raise typer.BadParameter("give either audio files or --manifest")
    if manifest and text is not None:
        raise typer.BadParameter('--text is for audio files: in a manifest, each line has its own "text"')
    if (manifest or len(audio or []) > 1) and format not in (None, OutputFormat.JSON):
        raise typer.BadParameter(f"--format {format} is for one clip: several are written as JSON lines")
    if out and out in (audio or []):
        raise typer.BadParameter(f"--out would overwrite the clip {out}: give another file")


def _assess_one(
    assessor: Assessor, utterances: list[Utterance], ipa: bool, format: OutputFormat, out: Path | None
) -> None:
    from enunciate.cli.assessment_table import assessment_table
    from enunciate.cli.ipa import in_ipa
    from enunciate.cli.terminal import show
    from enunciate.storage import write_whole, writing_to

    assessment = _assessment_of(assessor, utterances[0])
    assessment = in_ipa(assessment) if ipa else assessment
    if out is not None:
        with writing_to(out):
            write_whole(out, _as_text(assessment, format))
    elif format is OutputFormat.TABLE:
        show(assessment_table(assessment))
    else:
        typer.echo(_as_text(assessment, format), nl=False)


def _assessment_of(assessor: Assessor, utterance: Utterance) -> Assessment:
    """Assess one clip; a long reading shows on stderr how many of its seconds are heard."""
    from enunciate.audio import header_duration_s
    from enunciate.cli.terminal import progress_bar
    from enunciate.engines import StreamingAssessor
    from enunciate.schema import PhraseResult

    assert isinstance(utterance.audio, Path)
    is_long = (header_duration_s(utterance.audio) or 0.0) >= LONG_READING_S
    if not (is_long and isinstance(assessor, StreamingAssessor)):
        return assessor.assess([utterance])[0]
    with progress_bar("seconds heard") as progress:
        *_, whole = assessor.assess_stream(utterance, progress)
    assert not isinstance(whole, PhraseResult)
    return whole


def _as_text(assessment: Assessment, format: OutputFormat) -> str:
    from enunciate.cli.assessment_table import assessment_table
    from enunciate.cli.csv_rows import to_csv
    from enunciate.cli.terminal import as_text

    if format is OutputFormat.TABLE:
        return as_text(assessment_table(assessment))
    return to_csv(assessment) if format is OutputFormat.CSV else assessment.model_dump_json(indent=2) + "\n"


def _assess_many(assessor: Assessor, utterances: list[Utterance], ipa: bool, out: Path | None) -> None:
    from enunciate.cli.ipa import in_ipa
    from enunciate.cli.terminal import progress_bar
    from enunciate.manifest import assess_to_file, assess_to_stream

    convert = in_ipa if ipa else None
    with progress_bar("assessing", hidden=out is None and sys.stdout.isatty()) as progress:
        if out is None:
            counts = assess_to_stream(assessor, utterances, sys.stdout, convert=convert, progress=progress)
        else:
            counts = assess_to_file(assessor, utterances, out, convert=convert, progress=progress)
    _report_failures(counts, out)


def _report_failures(counts: RunCounts, out: Path | None) -> None:
    if not counts.n_failed:
        return
    retry = f" To retry them, fix them, delete their rows from {out} and rerun this command." if out else ""
    typer.echo(
        f"error: {counts.n_failed} of {counts.n_clips} clips could not be assessed: "
        f'"error" in their rows says why.{retry}',
        err=True,
    )
    raise typer.Exit(EXIT_CODE)
