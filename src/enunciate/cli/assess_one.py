"""`enunciate assess` for one clip: on the terminal or in a file, in any form."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from enunciate.cli.output_format import OutputFormat

if TYPE_CHECKING:
    from enunciate.engines import Assessor
    from enunciate.exports.level import Level
    from enunciate.schema import Assessment, Utterance

LONG_READING_S = 20.0
"""A reading of this length shows its progress: it takes half a second or more."""


def assess_one(
    assessor: Assessor,
    utterance: Utterance,
    *,
    ipa: bool,
    format: OutputFormat,
    level: Level,
    out: Path | None,
) -> None:
    """Assess a clip and print the result, or write it to a file."""
    from enunciate.assembly.ipa import in_ipa
    from enunciate.cli.assessment_table import assessment_table
    from enunciate.cli.terminal import show
    from enunciate.exports.parquet import write_parquet
    from enunciate.storage import write_whole, writing_to

    assessment = _assessment_of(assessor, utterance)
    assessment = in_ipa(assessment) if ipa else assessment
    if out is not None:
        with writing_to(out):
            if format is OutputFormat.PARQUET:
                write_parquet([assessment], level, out)
            else:
                write_whole(out, _as_text(assessment, format, level))
    elif format is OutputFormat.TABLE:
        show(assessment_table(assessment))
    else:
        typer.echo(_as_text(assessment, format, level), nl=False)


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


def _as_text(assessment: Assessment, format: OutputFormat, level: Level) -> str:
    from enunciate.cli.assessment_table import assessment_table
    from enunciate.cli.terminal import as_text
    from enunciate.exports.csv_table import to_csv
    from enunciate.exports.textgrid import to_textgrid

    if format is OutputFormat.JSON:
        return assessment.model_dump_json(indent=2) + "\n"
    if format is OutputFormat.CSV:
        return to_csv([assessment], level)
    if format is OutputFormat.TEXTGRID:
        return to_textgrid(assessment)
    return as_text(assessment_table(assessment))
