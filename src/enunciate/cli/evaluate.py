"""`enunciate evaluate`: a model against the human scores of a corpus."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from enunciate.cli.exit_codes import RESUME, exit_on_error
from enunciate.cli.numpy_threads import one_numpy_thread
from enunciate.cli.options import (
    BaseUrlOption,
    CompileLayersOption,
    ModelOption,
    ServedAdapterOption,
    WeightsChoice,
    WeightsOption,
)
from enunciate.corpus.kinds import CorpusKind
from enunciate.errors import needing


class SplitName(StrEnum):
    """The speakers of a corpus that a model is evaluated on."""

    TEST = "test"
    TRAIN = "train"
    ALL = "all"


def evaluate(
    out: Annotated[Path, typer.Option(help="Folder for predictions.jsonl and results.json.")],
    model: ModelOption = "pocket",
    base_url: BaseUrlOption = None,
    served_adapter: ServedAdapterOption = None,
    weights: WeightsOption = WeightsChoice.FULL,
    compile_layers: CompileLayersOption = False,
    split: Annotated[SplitName, typer.Option(help="Split of the corpus to evaluate on.")] = SplitName.TEST,
    only: Annotated[
        Path | None,
        typer.Option(
            help="Evaluate only the utterances in this JSON file: a list of ids, or the held_out.json that "
            "training an adapter wrote."
        ),
    ] = None,
    corpus: Annotated[
        Path | None,
        typer.Option(
            envvar="ENUNCIATE_CORPUS",
            help="Folder of Speechocean762 (the one that holds 'WAVE'), L2-ARCTIC or EpaDB.",
        ),
    ] = None,
    corpus_kind: Annotated[
        CorpusKind | None,
        typer.Option(help="Which corpus it is. Default: what the folder holds.", show_default=False),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            help="In place of a corpus, a table of your own clips with human scores, phones or heard phones: "
            ".csv, .tsv, .parquet, or else JSON lines (docs/corpora.md)."
        ),
    ] = None,
    without_text: Annotated[
        bool,
        typer.Option("--without-text", help="Do not tell the model what was to be read."),
    ] = False,
    system: Annotated[
        str | None,
        typer.Option(
            metavar="COMMAND",
            help="In place of a model, any program: 'python mine.py {manifest} {out}' reads a list of clips "
            "and writes its answers (docs/other-systems.md).",
        ),
    ] = None,
    answers: Annotated[
        Path | None,
        typer.Option(help="In place of a model, a file of answers that a system has given already."),
    ] = None,
) -> None:
    """Evaluate a model, or a system that is not part of this package, against the human scores of a corpus.

    Rerun the same command to resume a stopped run. Needs: pip install 'enunciate[eval]'.
    """
    source = labels or corpus
    if source is None:
        raise typer.BadParameter("give --corpus, or the environment variable ENUNCIATE_CORPUS, or --labels")
    if system and answers:
        raise typer.BadParameter("give either --system or --answers")
    if without_text and (system or answers):
        raise typer.BadParameter("--without-text is for models of this package: leave the text out yourself")
    if not (system or answers):  # a program of others inherits the environment
        one_numpy_thread()
    with exit_on_error(on_interrupt=RESUME.format(out)), needing("eval"):
        from enunciate.cli.results_table import results_table
        from enunciate.cli.terminal import progress_bar, show
        from enunciate.corpus.load import load_any_corpus
        from enunciate.engines import load_assessor
        from enunciate.evaluation import run
        from enunciate.evaluation.outside.evaluate import evaluate_outside
        from enunciate.evaluation.subset import select_utterances

        kind = CorpusKind.TABLE if labels else corpus_kind
        utterances = load_any_corpus(source, split.value, kind)
        if only is not None:
            utterances = select_utterances(utterances, only)
        if system or answers:
            results = evaluate_outside(system, answers, utterances, out)
        else:
            assessor = load_assessor(
                model,
                base_url=base_url,
                served_adapter=served_adapter,
                weights=weights.value,
                compile_layers=compile_layers,
            )
            with progress_bar("assessing") as progress:
                results = run.evaluate(
                    assessor, utterances, out, with_text=not without_text, progress=progress
                )
        show(results_table(results))
        typer.echo(f"written to {out / run.RESULTS}")
