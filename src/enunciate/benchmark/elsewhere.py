"""The rows of a benchmark on other corpora than the one that they were trained on.

OUT/rows/ROW/elsewhere/CORPUS/   predictions.jsonl and results.json, as `enunciate evaluate` writes them
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from enunciate.benchmark.markdown import NONE, table, value
from enunciate.benchmark.row import Announce, RowJob, Workspace, model_of
from enunciate.corpus.load import load_any_corpus
from enunciate.engines import load_assessor
from enunciate.errors import EnunciateError, RecipeError
from enunciate.evaluation.outside.evaluate import evaluate_outside
from enunciate.evaluation.report.page import judges_phones
from enunciate.evaluation.run import RESULTS, evaluate
from enunciate.metrics.records import Results
from enunciate.schema import ASPECTS, FrozenModel, Utterance

FOLDER = "elsewhere"
SEQUENCES = "MDD F1 of sequences"
NO_MODEL = "it has a model for each fold, or only answers for the clips of the benchmark"


@dataclass(frozen=True)
class OtherCorpus:
    """The test split of another corpus."""

    name: str
    utterances: Sequence[Utterance]


class ElsewhereResult(FrozenModel):
    """A row on another corpus; without results, the reason says why."""

    row: str
    corpus: str
    results: Results | None
    reason: str | None


def read_corpora(paths: Sequence[Path]) -> list[OtherCorpus]:
    """Read the test splits of corpora of any kind (`corpus.load`), each named like its folder or file.

    Raises:
        CorpusError: One is none of the corpora, or broken.
        RecipeError: Two have the same name.
    """
    names = [path.stem if path.is_file() else path.resolve().name for path in paths]
    if len(set(names)) < len(names):
        raise RecipeError("--test-on", ["two corpora have the same name: rename one"])
    return [OtherCorpus(name, load_any_corpus(path, "test")) for name, path in zip(names, paths, strict=True)]


def run_elsewhere(
    jobs: Sequence[RowJob], corpora: Sequence[OtherCorpus], workspace: Workspace, announce: Announce
) -> Iterator[ElsewhereResult]:
    """Test rows that are done on other corpora; a clip that is assessed already stays so.

    Args:
        jobs: The rows.
        corpora: The corpora.
        workspace: Where the rows ran.
        announce: Called as each begins.
    """
    for corpus in corpora:
        for job in jobs:
            announce(f"{job.name}: {corpus.name}, {len(corpus.utterances):,} clips")
            try:
                results, reason = _results(job, corpus, workspace), None
            except EnunciateError as error:
                results, reason = None, f"{error.code}: {error}"
            if results is None and reason is None:
                reason = NO_MODEL
            yield ElsewhereResult(row=job.name, corpus=corpus.name, results=results, reason=reason)


def _results(job: RowJob, corpus: OtherCorpus, workspace: Workspace) -> Results | None:
    folder = workspace.row(job.name) / FOLDER / corpus.name
    if (folder / RESULTS).is_file():
        return Results.model_validate_json((folder / RESULTS).read_bytes())
    if job.system is not None:
        return evaluate_outside(job.system, None, corpus.utterances, folder)
    model = model_of(job, workspace)
    return None if model is None else evaluate(load_assessor(model), corpus.utterances, folder)


def elsewhere_table(results: Sequence[ElsewhereResult]) -> str:
    """Return a table of the rows on other corpora; a metric for which a corpus has no labels is empty."""
    head = (
        "corpus",
        "row",
        *ASPECTS,
        "phone",
        "MDD precision",
        "MDD recall",
        "MDD F1",
        SEQUENCES,
        "PER without text",
    )
    lines = [_line(one) for one in results]
    return (
        "## On other corpora\n\n"
        f"{table((*head, 'failed'), lines)}\n\n"
        "The weights of the rows above, as they are, on the test splits of other corpora, of which nothing "
        "here has learnt. Each corpus has labels, phones and learners of its own: compare rows, not corpora."
    )


def _line(one: ElsewhereResult) -> tuple[str, ...]:
    results = one.results
    if results is None:
        return (one.corpus, one.row, *[NONE] * (len(ASPECTS) + 6), (one.reason or "").replace("|", "\\|"))
    mdd = results.mdd if judges_phones(results) else None
    sequences = results.mdd_of_sequences_with_text
    return (
        one.corpus,
        one.row,
        *(value(agreement.pcc, agreement.ci95) for agreement in (getattr(results.apa, a) for a in ASPECTS)),
        value(results.phone.pcc, results.phone.ci95),
        value(mdd and mdd.precision, None),
        value(mdd and mdd.recall, None),
        value(mdd and mdd.f1, mdd and mdd.f1_ci95),
        value(sequences and sequences.f1, sequences and sequences.f1_ci95),
        value(results.recognition.per_without_text, results.recognition.ci95),
        f"{results.n_failed} of {results.n_utterances}",
    )
