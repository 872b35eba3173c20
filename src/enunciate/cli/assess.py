"""`enunciate assess`: its arguments and options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from enunciate.cli.assess_distributed import assess_distributed, check_distributed_usage
from enunciate.cli.assess_many import assess_many, rows_file
from enunciate.cli.assess_one import assess_one
from enunciate.cli.exit_codes import RESUME, exit_on_error
from enunciate.cli.numpy_threads import one_numpy_thread
from enunciate.cli.options import (
    AccentChoice,
    AccentOption,
    BaseUrlOption,
    CompileLayersOption,
    ModelOption,
    ServedAdapterOption,
    WeightsChoice,
    WeightsOption,
)
from enunciate.cli.output_format import ExecutionEngine, OutputFormat, PhoneAlphabet
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
        str | None,
        typer.Option(
            help='JSON lines, one clip per line: {"audio": "a.wav", "text": "...", "id": "a"}; a .csv, .tsv '
            'or .parquet table with these columns; or cuts of lhotse. "text" and "id" are optional; audio '
            "paths are relative to the folder of the manifest. With --engine ray, also a folder or URL of "
            "Parquet, or of tars of WebDataset."
        ),
    ] = None,
    model: ModelOption = "pocket",
    base_url: BaseUrlOption = None,
    served_adapter: ServedAdapterOption = None,
    weights: WeightsOption = WeightsChoice.FULL,
    compile_layers: CompileLayersOption = False,
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
    engine: Annotated[
        ExecutionEngine,
        typer.Option(
            help="ray: spread a list over the cores or GPUs of this machine or, with RAY_ADDRESS, of a "
            "cluster, by Ray Data; --out is a folder of parts in Parquet, from which it resumes. "
            "pip install 'enunciate[ray]'."
        ),
    ] = ExecutionEngine.LOCAL,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="With --engine ray: engines at work. Default: one per core or GPU."),
    ] = None,
    gpus_per_worker: Annotated[
        float, typer.Option(min=0, help="With --engine ray: GPUs, or the part of one, for each engine.")
    ] = 0.0,
    threads: Annotated[
        int,
        typer.Option(
            min=1,
            help="Processor threads of an engine: those of one clip or, of a model that torch runs, as many "
            "clips that are prepared at once. With --engine ray, the cores of each worker.",
        ),
    ] = 1,
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
    one_numpy_thread()
    if engine is ExecutionEngine.RAY:
        check_distributed_usage(manifest, out, format, shard)
    many = manifest is not None or len(audio or []) > 1 or any(path.is_dir() for path in audio or [])
    form = format or (OutputFormat.JSON if many else OutputFormat.TABLE)
    _check_usage(audio, text, manifest, shard, many, form, out)
    kept = RESUME.format(rows_file(out, form)) if many and out else "nothing was kept"
    if engine is ExecutionEngine.RAY and manifest and out:
        with exit_on_error(on_interrupt=RESUME.format(out)):
            from enunciate.distributed.clip_worker import WorkerSettings

            settings = WorkerSettings(
                model,
                lexicon,
                accent.value,
                phones.value,
                base_url,
                served_adapter,
                weights.value,
                compile_layers,
                threads,
            )
            assess_distributed(manifest, out, settings, workers=workers, gpus_per_worker=gpus_per_worker)
        return
    with exit_on_error(on_interrupt=kept):
        from enunciate.clip_lists import Shard, read_clips, utterances_from
        from enunciate.engines import load_assessor

        utterances = read_clips(Path(manifest)) if manifest else utterances_from(audio or [], text)
        utterances = Shard.parse(shard).of(utterances) if shard else utterances
        utterances = [one.model_copy(update={"accent": accent.value}) for one in utterances]
        assessor = load_assessor(
            model,
            lexicon=lexicon,
            base_url=base_url,
            served_adapter=served_adapter,
            weights=weights.value,
            compile_layers=compile_layers,
            threads=threads,
        )
        ipa = phones is PhoneAlphabet.IPA
        if many:
            assess_many(assessor, utterances, ipa=ipa, format=form, level=level, out=out)
        else:
            assess_one(assessor, utterances[0], ipa=ipa, format=form, level=level, out=out)


def _check_usage(
    audio: list[Path] | None,
    text: str | None,
    manifest: str | None,
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
