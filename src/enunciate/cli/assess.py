"""`enunciate assess`: its arguments and options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from enunciate.cli.assess_many import assess_many, rows_file
from enunciate.cli.assess_one import assess_one
from enunciate.cli.exit_codes import RESUME, exit_on_error
from enunciate.cli.options import AccentChoice, AccentOption, BaseUrlOption, ModelOption, ServedAdapterOption
from enunciate.cli.output_format import OutputFormat, PhoneAlphabet
from enunciate.exports.level import Level


def assess(
    audio: Annotated[
        list[Path] | None,
        typer.Argument(
            help="One clip, several, or folders of clips, whose texts are in .txt or .lab files beside them.",
            show_default=False,
        ),
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
            help='JSON lines, one clip per line: {"audio": "a.wav", "text": "...", "id": "a"}; a .csv, .tsv '
            'or .parquet table with these columns; or cuts of lhotse. "text" and "id" are optional; audio '
            "paths are relative to the folder of the manifest."
        ),
    ] = None,
    model: ModelOption = "pocket",
    base_url: BaseUrlOption = None,
    served_adapter: ServedAdapterOption = None,
    format: Annotated[
        OutputFormat | None,
        typer.Option(
            help="table: for reading, of one clip. json: everything; JSON lines for several clips. csv, "
            "parquet: a row per utterance, word or phone (--level). textgrid: the tiers words, phones, heard "
            "and scores for Praat, a file for each clip. Default: table for one clip, else json. Parquet: "
            "pip install 'enunciate[parquet]'.",
            show_default=False,
        ),
    ] = None,
    level: Annotated[Level, typer.Option(help="What has a row in csv and parquet.")] = Level.PHONES,
    phones: Annotated[PhoneAlphabet, typer.Option(help="Alphabet of the phones.")] = PhoneAlphabet.ARPABET,
    lexicon: Annotated[
        Path | None, typer.Option(help="Your own pronunciations, one per line: 'WORD PH1 PH2 ...'.")
    ] = None,
    accent: AccentOption = AccentChoice.US,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="K/N",
            help="Assess only share K of N of the clips: run each on a machine or core of its own, then use "
            "`enunciate merge`.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Write to this file; the TextGrids of several clips, to this folder. A stopped run of "
            "several clips resumes; csv and parquet keep its rows in OUT.jsonl."
        ),
    ] = None,
) -> None:
    """Assess the pronunciation in one clip or several.

    Exit code 2 if a clip could not be assessed; the other clips are assessed all the same.
    """
    many = manifest is not None or len(audio or []) > 1 or any(path.is_dir() for path in audio or [])
    form = format or (OutputFormat.JSON if many else OutputFormat.TABLE)
    _check_usage(audio, text, manifest, shard, many, form, out)
    kept = RESUME.format(rows_file(out, form)) if many and out else "nothing was kept"
    with exit_on_error(on_interrupt=kept):
        from enunciate.clip_lists import Shard, read_clips, utterances_from
        from enunciate.engines import load_assessor

        utterances = read_clips(manifest) if manifest else utterances_from(audio or [], text)
        utterances = Shard.parse(shard).of(utterances) if shard else utterances
        utterances = [one.model_copy(update={"accent": accent.value}) for one in utterances]
        assessor = load_assessor(model, lexicon=lexicon, base_url=base_url, served_adapter=served_adapter)
        ipa = phones is PhoneAlphabet.IPA
        if many:
            assess_many(assessor, utterances, ipa=ipa, format=form, level=level, out=out)
        else:
            assess_one(assessor, utterances[0], ipa=ipa, format=form, level=level, out=out)


def _check_usage(
    audio: list[Path] | None,
    text: str | None,
    manifest: Path | None,
    shard: str | None,
    many: bool,
    format: OutputFormat,
    out: Path | None,
) -> None:
    if bool(audio) == bool(manifest):
        raise typer.BadParameter("give either audio files or --manifest")
    if manifest and text is not None:
        raise typer.BadParameter('--text is for audio files: in a manifest, each line has its own "text"')
    if many and format is OutputFormat.TABLE:
        raise typer.BadParameter("--format table is for one clip: choose json, csv, parquet or textgrid")
    if not out and (format is OutputFormat.PARQUET or (many and format is OutputFormat.TEXTGRID)):
        raise typer.BadParameter(f"--format {format} needs --out: the terminal cannot show it")
    if shard and not many:
        raise typer.BadParameter("--shard is for several clips")
    if out and out in (audio or []):
        raise typer.BadParameter(f"--out would overwrite the clip {out}: give another file")
