"""The results of a benchmark: a report page, tables in Markdown, and everything in JSON."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict

import enunciate
from enunciate.benchmark.elsewhere import ElsewhereResult, elsewhere_table
from enunciate.benchmark.markdown import NONE, table, value
from enunciate.benchmark.protocol_data import PROTOCOL_NOTES, ProtocolData
from enunciate.benchmark.row import Workspace
from enunciate.benchmark.run import Outcome
from enunciate.evaluation.compare import Comparison, Difference
from enunciate.evaluation.report.evaluated_systems import load_systems
from enunciate.evaluation.report.page import judges_phones, report_html
from enunciate.evaluation.report.ranking import PairedComparison, Role, paired_comparisons
from enunciate.metrics.records import Results
from enunciate.progress import Progress
from enunciate.schema import ASPECTS
from enunciate.storage import write_whole, writing_to

JSON, TABLE, PAGE = "benchmark.json", "benchmark.md", "report.html"
BEYOND_NOTE = (
    "Beyond: partial correlation with the human scores given what the baseline `stopwatch` sees (duration, "
    "span of speech, number of phones, rate). Ranks: Spearman's correlation."
)
COMPARED = {f"apa.{aspect}.pcc": aspect for aspect in ASPECTS} | {
    "phone.pcc": "phone",
    "word.accuracy.pcc": "word",
    "mdd.f1": "MDD F1",
    "recognition.per_without_text": "PER without text",
}


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class RowSummary(Outcome):
    """A row with its metrics; None where it did not finish."""

    results: Results | None = None


class PairSummary(_Record):
    """The paired difference of a row and the one that it is compared with."""

    row: str
    against: str
    role: Role
    comparison: Comparison


class Summary(_Record):
    """`benchmark.json`."""

    material: ProtocolData
    is_official_split: bool
    version: str
    date: str
    command: str
    machine: str
    rows: tuple[RowSummary, ...]
    paired: tuple[PairSummary, ...]
    elsewhere: tuple[ElsewhereResult, ...] = ()
    """The same weights on other corpora."""


def write_summary(
    outcomes: Sequence[Outcome],
    workspace: Workspace,
    data: ProtocolData,
    command: str,
    progress: Progress | None = None,
    elsewhere: Sequence[ElsewhereResult] = (),
) -> Summary:
    """Write report, tables and JSON; rows without results are listed in all three with the reason.

    Args:
        outcomes: How each row ended.
        workspace: Where the rows ran.
        data: What they ran on.
        command: The command that ran them.
        progress: Called with the systems done and in all as the report is made.
        elsewhere: The rows on other corpora.

    Raises:
        OutputError: A file cannot be written.
    """
    done = [one.name for one in outcomes if one.status == "done"]
    systems = load_systems({name: workspace.row(name) for name in done}, workspace.corpus) if done else []
    comparisons = paired_comparisons(systems)
    results = {system.name: system.results for system in systems}
    summary = Summary(
        material=data,
        is_official_split=data.is_official_split,
        version=enunciate.__version__,
        date=datetime.now(UTC).date().isoformat(),
        command=command,
        machine=f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}",
        rows=tuple(RowSummary(**dict(one), results=results.get(one.name)) for one in outcomes),
        paired=tuple(_pair(one) for one in comparisons),
        elsewhere=tuple(elsewhere),
    )
    with writing_to(workspace.out):
        write_whole(workspace.out / JSON, summary.model_dump_json(indent=1) + "\n")
        write_whole(workspace.out / TABLE, as_markdown(summary))
        if systems:
            note = _page_note(outcomes, data)
            write_whole(workspace.out / PAGE, report_html(systems, progress, note=note))
    return summary


def _pair(one: PairedComparison) -> PairSummary:
    return PairSummary(row=one.name, against=one.reference, role=one.role, comparison=one.comparison)


def _page_note(outcomes: Sequence[Outcome], data: ProtocolData) -> str:
    others = [f"{one.name} ({one.status}: {one.reason})" for one in outcomes if one.status != "done"]
    return PROTOCOL_NOTES[data.protocol] + (f" Rows without results: {'; '.join(others)}." if others else "")


# -------------------------------------------------------------------------------------------- markdown


_TITLES = {"official": "official protocol", "folds": "five folds", "untrained": "systems as they are"}


def as_markdown(summary: Summary) -> str:
    """Return the tables, with what is needed to read them."""
    data = summary.material
    done = [row for row in summary.rows if row.results is not None]
    parts = [
        f"# Benchmark: {_TITLES[data.protocol]}",
        f"**{PROTOCOL_NOTES[data.protocol]}**",
        _about(summary),
    ]
    if done:
        parts += [_metrics_table(done), "PCC and rates with 95% intervals by bootstrap over speakers."]
        parts += [_beyond_table(done), BEYOND_NOTE]
    for role in ("first", "best"):
        pairs = [one for one in summary.paired if one.role == role]
        if pairs:
            parts += [_paired_table(pairs)]
    if summary.paired:
        parts.append(
            "Row minus reference on the same clips, with 95% intervals by paired bootstrap over speakers. "
            "Bold: the interval excludes 0, which happens by chance for one metric in 20."
        )
    if summary.elsewhere:
        parts.append(elsewhere_table(summary.elsewhere))
    others = [row for row in summary.rows if row.status != "done"]
    if others:
        parts += [
            "## Not run, or failed",
            table(("row", "status", "reason"), [_other(row) for row in others]),
        ]
    return "\n\n".join(parts) + "\n"


def _about(summary: Summary) -> str:
    data = summary.material
    clips = f"{data.n_test_labelled:,} labelled utterances of {data.n_test_speakers} speakers"
    trained = ""
    if data.protocol == "official":
        trained = f"; trained on {data.n_train_labelled:,} utterances of the train split"
        if data.n_train_exact < data.n_train_labelled:
            n_completed = data.n_train_labelled - data.n_train_exact
            trained += f", {n_completed:,} of them with labels that were completed from ranges"
    part = (
        ""
        if summary.is_official_split or data.protocol != "official"
        else (" **This is not the whole corpus: no metric here is one of the official split.**")
    )
    return (
        f"Tested on {clips}{trained}. {summary.date}, enunciate {summary.version}, {summary.machine}.{part}"
        "\n\n"
        f"```sh\n{summary.command}\n```"
    )


def _metrics_table(rows: Sequence[RowSummary]) -> str:
    head = ("row", *ASPECTS, "phone", "word", "MDD F1", "PER without text", "WER", "failed", "trained by")
    return table(head, [_metrics(row) for row in rows])


def _metrics(row: RowSummary) -> tuple[str, ...]:
    results = row.results
    assert results is not None, "only rows with results have a line"
    return (
        row.name,
        *(value(one.pcc, one.ci95) for one in (getattr(results.apa, aspect) for aspect in ASPECTS)),
        value(results.phone.pcc, results.phone.ci95),
        value(results.word.accuracy.pcc, results.word.accuracy.ci95) if results.word else NONE,
        value(results.mdd.f1, results.mdd.f1_ci95) if judges_phones(results) else NONE,
        value(results.recognition.per_without_text, results.recognition.ci95),
        value(results.wer, results.wer_ci95),
        f"{results.n_failed} of {results.n_utterances}",
        _origin(row),
    )


def _origin(row: RowSummary) -> str:
    """Return where the row's weights or answers come from."""
    if row.program:
        ran = row.program
        return f"another system: {ran.wall_s:,.0f} s, {ran.cpu_s:,.0f} s of CPU, {ran.peak_memory_mb:,.0f} MB"
    if row.answers:
        return f"another system: answers of {row.answers}"
    return f"given: {row.weights}" if row.weights else f"{', '.join(row.recipes)}; seed {_seeds(row)}"


def _beyond_table(rows: Sequence[RowSummary]) -> str:
    head = ("row", *(f"{aspect}, {kind}" for kind in ("beyond", "ranks") for aspect in ASPECTS))
    return f"## Beyond the stopwatch, and by rank\n\n{table(head, [_beyond(row) for row in rows])}"


def _beyond(row: RowSummary) -> tuple[str, ...]:
    assert row.results is not None, "only rows with results have a line"
    aspects = [getattr(row.results.apa, aspect) for aspect in ASPECTS]
    return (
        row.name,
        *(value(one.beyond_stopwatch, one.beyond_stopwatch_ci95) for one in aspects),
        *(value(one.spearman, one.spearman_ci95) for one in aspects),
    )


def _seeds(row: Outcome) -> str:
    return ", ".join(map(str, row.seeds))


def _paired_table(pairs: Sequence[PairSummary]) -> str:
    reference, role = pairs[0].against, pairs[0].role
    title = f"## Against {reference}, {'the first row' if role == 'first' else 'the best row'}"
    rows = [(one.row, *(_difference(one.comparison.differences.get(k)) for k in COMPARED)) for one in pairs]
    return f"{title}\n\n{table(('row', *COMPARED.values()), rows)}"


def _difference(one: Difference | None) -> str:
    if one is None or one.difference is None or one.ci95 is None:
        return NONE
    shown = f"{one.difference:+.3f} ({one.ci95[0]:+.3f} to {one.ci95[1]:+.3f})"
    return f"**{shown}**" if one.better else shown


def _other(row: RowSummary) -> tuple[str, ...]:
    return row.name, row.status, (row.reason or "").replace("|", "\\|").replace("\n", " ")
