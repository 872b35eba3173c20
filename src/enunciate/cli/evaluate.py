"""`enunciate evaluate`: a model against the human scores of a corpus."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from enunciate.cli.exit_codes import RESUME, exit_on_error
from enunciate.cli.options import CorpusOption, ModelOption
from enunciate.errors import needing


class SplitName(StrEnum):
    """The speakers of a corpus that a model is evaluated on."""

    TEST = "test"
    TRAIN = "train"
    ALL = "all"


def evaluate(
    corpus: CorpusOption,
    out: Annotated[Path, typer.Option(help="Folder for predictions.jsonl and results.json.")],
    model: ModelOption = "pocket",
    split: Annotated[SplitName, typer.Option(help="Split of the corpus to evaluate on.")] = SplitName.TEST,
    only: Annotated[
        Path | None,
        typer.Option(
            help="Evaluate only the utterances in this JSON file: a list of ids, or the held_out.json that "
            "training an adapter wrote."
        ),
    ] = None,
) -> None:
    """Evaluate a model against the human scores of a corpus.

    Rerun the same command to resume a stopped run. Needs: pip install 'enunciate[eval]'.
    """
    with exit_on_error(on_interrupt=RESUME.format(out)), needing("eval"):
        from enunciate.cli.results_table import results_table
        from enunciate.cli.terminal import progress_bar, show
        from enunciate.corpus.speechocean762 import load_corpus
        from enunciate.engines import load_assessor
        from enunciate.evaluation import run
        from enunciate.evaluation.subset import select_utterances

        utterances = load_corpus(corpus, split.value)
        if only is not None:
            utterances = select_utterances(utterances, only)
        assessor = load_assessor(model)
        with progress_bar("assessing") as progress:
            results = run.evaluate(assessor, utterances, out, progress=progress)
        show(results_table(results))
        typer.echo(f"written to {out / run.RESULTS}")
