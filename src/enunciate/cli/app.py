"""The command line: parse, call, print, exit code.

What a command needs is imported inside it, so that `enunciate --help` does not wait for an engine.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from enunciate.cli.benchmark import benchmark
from enunciate.cli.evaluation import compare, report
from enunciate.cli.exits import reporting
from enunciate.cli.recipes import recipes
from enunciate.cli.serve import serve
from enunciate.errors import EXIT_CODE, needing

if TYPE_CHECKING:
    from enunciate.engines import Assessor
    from enunciate.manifest import Counts
    from enunciate.schema import Assessment, Utterance

GOES_ON = "what was assessed is kept in {}; the same command goes on from there"

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,  # it would take 'enunciate[eval]' for markup, and put a box around each error
    pretty_exceptions_enable=False,  # a bug's plain traceback is what we want to be sent
    help="Judges English pronunciation: scores for a sentence, its words and its sounds.",
)


class Format(StrEnum):
    """How the result of one clip is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class PhoneSigns(StrEnum):
    """How phones are written."""

    ARPABET = "arpabet"
    IPA = "ipa"


class SplitName(StrEnum):
    """Which speakers of a corpus."""

    TEST = "test"
    TRAIN = "train"
    ALL = "all"


Model = Annotated[
    str,
    typer.Option(
        help="'pocket', a folder of weights or of an adapter that training wrote, or "
        "'microsoft/Phi-4-multimodal-instruct', untouched. The last two need: pip install 'enunciate[llm]'."
    ),
]


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # JSON and IPA need UTF-8, also in a pipe on Windows
            stream.reconfigure(encoding="utf-8")
    app()


def _show_version(wanted: bool) -> None:
    if wanted:
        import enunciate

        typer.echo(f"enunciate {enunciate.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


@app.command()
def assess(
    audio: Annotated[
        list[Path] | None, typer.Argument(help="One clip or several.", show_default=False)
    ] = None,
    text: Annotated[
        str | None,
        typer.Option(
            help="What was to be read. A word can carry its pronunciation: 'tomato{T AH M EY T OW}'. "
            "Without a text, only the sounds that were heard are given."
        ),
    ] = None,
    manifest: Annotated[
        Path | None,
        typer.Option(
            help='JSON lines: {"audio": "a.wav", "text": "...", "id": "a"}; text and id may be left out, and '
            "audio is relative to the manifest's folder."
        ),
    ] = None,
    model: Model = "pocket",
    format: Annotated[
        Format | None,
        typer.Option(
            help="table: for people. json: all there is. csv: for a spreadsheet, one row a phone (its word, "
            "times, score from 0 to 2 with its 90% range, the sound that was heard, whether it was "
            "mispronounced). By default a table for one clip; several clips are always JSON lines.",
            show_default=False,
        ),
    ] = None,
    phones: Annotated[PhoneSigns, typer.Option(help="How phones are written.")] = PhoneSigns.ARPABET,
    lexicon: Annotated[
        Path | None, typer.Option(help="Your own pronunciations: lines of 'WORD PH1 PH2 ...'.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Write here. With several clips, a run that was stopped goes on from this file."),
    ] = None,
) -> None:
    """Say how well clips were pronounced.

    Exit code 2 if a clip could not be assessed; with several clips the others are assessed all the same.
    """
    many = manifest is not None or len(audio or []) > 1
    _check_usage(audio, text, manifest, format, out)
    with reporting(GOES_ON.format(out) if many and out else "nothing was kept but what is printed"):
        from enunciate.engines import load_assessor
        from enunciate.manifest import read_manifest, utterances_of

        utterances = read_manifest(manifest) if manifest else utterances_of(audio or [], text)
        assessor = load_assessor(model, lexicon=lexicon)
        in_ipa = phones is PhoneSigns.IPA
        if many:
            _assess_many(assessor, utterances, in_ipa, out)
        else:
            _assess_one(assessor, utterances, in_ipa, format or Format.TABLE, out)


def _check_usage(
    audio: list[Path] | None, text: str | None, manifest: Path | None, format: Format | None, out: Path | None
) -> None:
    if bool(audio) == bool(manifest):
        raise typer.BadParameter("give either audio files or --manifest")
    if manifest and text is not None:
        raise typer.BadParameter("--text is for audio files; a manifest holds its own texts")
    if (manifest or len(audio or []) > 1) and format not in (None, Format.JSON):
        raise typer.BadParameter(f"--format {format} is for one clip: several are written as JSON lines")
    if out and out in (audio or []):
        raise typer.BadParameter(f"--out would write over the clip {out}")


def _assess_one(
    assessor: Assessor, utterances: list[Utterance], ipa: bool, form: Format, out: Path | None
) -> None:
    from enunciate.cli.formats import in_ipa
    from enunciate.cli.tables import assessment_view, show
    from enunciate.storage import write_whole, writing_to

    (assessment,) = assessor.assess(utterances)
    assessment = in_ipa(assessment) if ipa else assessment
    if out is not None:
        with writing_to(out):
            write_whole(out, _as_text(assessment, form))
    elif form is Format.TABLE:
        show(assessment_view(assessment))
    else:
        typer.echo(_as_text(assessment, form), nl=False)


def _as_text(assessment: Assessment, form: Format) -> str:
    from enunciate.cli.formats import to_csv
    from enunciate.cli.tables import as_text, assessment_view

    if form is Format.TABLE:
        return as_text(assessment_view(assessment))
    return to_csv(assessment) if form is Format.CSV else assessment.model_dump_json(indent=2) + "\n"


def _assess_many(assessor: Assessor, utterances: list[Utterance], ipa: bool, out: Path | None) -> None:
    from enunciate.cli.formats import in_ipa
    from enunciate.cli.tables import progress_bar
    from enunciate.manifest import assess_to_file, assess_to_stream

    form = in_ipa if ipa else None
    with progress_bar("assessing", hidden=out is None and sys.stdout.isatty()) as progress:
        if out is None:
            counts = assess_to_stream(assessor, utterances, sys.stdout, form=form, progress=progress)
        else:
            counts = assess_to_file(assessor, utterances, out, form=form, progress=progress)
    _report_failures(counts, out)


def _report_failures(counts: Counts, out: Path | None) -> None:
    if not counts.n_failed:
        return
    again = f" To try them again, mend them, delete their rows from {out} and run this again." if out else ""
    typer.echo(
        f"error: {counts.n_failed} of {counts.n_clips} clips could not be assessed: "
        f'their rows say why, under "error".{again}',
        err=True,
    )
    raise typer.Exit(EXIT_CODE)


@app.command()
def evaluate(
    corpus: Annotated[
        Path, typer.Option(envvar="ENUNCIATE_CORPUS", help="Folder of Speechocean762, with 'WAVE' in it.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for predictions.jsonl and results.json.")],
    model: Model = "pocket",
    split: Annotated[SplitName, typer.Option(help="Which of its speakers.")] = SplitName.TEST,
    only: Annotated[
        Path | None,
        typer.Option(
            help="JSON with the ids of some of them: a list, or the held_out.json that training an adapter "
            "left."
        ),
    ] = None,
) -> None:
    """Compare a model's scores with those of people, on a corpus.

    A run that was stopped goes on where it was. Needs: pip install 'enunciate[eval]'.
    """
    with reporting(GOES_ON.format(out)), needing("eval"):
        from enunciate.cli.tables import progress_bar, results_view, show
        from enunciate.corpus.speechocean762 import load_corpus
        from enunciate.engines import load_assessor
        from enunciate.evaluation import run, subset

        utterances = load_corpus(corpus, split.value)
        if only is not None:
            utterances = subset.only(utterances, only)
        assessor = load_assessor(model)
        with progress_bar("assessing") as progress:
            results = run.evaluate(assessor, utterances, out, progress=progress)
        show(results_view(results))
        typer.echo(f"written to {out / run.RESULTS}")


app.command()(report)
app.command()(compare)
app.command()(serve)
app.command()(benchmark)
app.command()(recipes)


@app.command()
def train(
    recipe: Annotated[
        str,
        typer.Argument(
            help="The name of a recipe of the package (`enunciate recipes` lists them), or a YAML file.",
            show_default=False,
        ),
    ],
    overrides: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="Values to put in its place.", show_default=False),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where a stopped run was (phi4 and ssl-joint).")
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Say what would be trained, on what, for how many steps and in how much memory, and stop "
            "(recipes of the phi4 engine).",
        ),
    ] = False,
) -> None:
    """Train a part of a model by a recipe.

    Needs: pip install 'enunciate[train]', 'enunciate[baselines]' for those of the baselines, and
    'enunciate[llm]' for phi4 and ssl-joint. Those of phi4 can also be started with accelerate launch or
    torchrun: -m enunciate train RECIPE.
    """
    from enunciate.trainers import extra_of, load_recipe, run

    with reporting("what training wrote so far is in the recipe's 'out'"):
        checked = load_recipe(recipe, overrides or ())
        with needing(extra_of(checked)):
            facts = run(checked, resume=resume, dry_run=dry_run)
        _show_run(facts, None if dry_run else checked.out)


def _show_run(facts: Mapping[str, str], out: Path | None) -> None:
    if os.environ.get("RANK", "0") != "0":  # of several processes, one speaks
        return
    from enunciate.cli.tables import facts_view, show

    show(facts_view(facts))
    if out is not None:
        typer.echo(f"written to {out}")


@app.command()
def info() -> None:
    """Show versions, packages, the model and the machine: what a bug report needs."""
    from enunciate.cli.environment import facts

    for name, value in facts().items():
        typer.echo(f"{name}: {value}")
