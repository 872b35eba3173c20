"""What a benchmark found: a report page, a table in Markdown, and everything in JSON."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict

import enunciate
from enunciate.benchmark.material import WHAT, Material
from enunciate.benchmark.row import Place
from enunciate.benchmark.run import Outcome
from enunciate.evaluation.compare import Comparison, Difference
from enunciate.evaluation.report.page import judges_phones, report_html
from enunciate.evaluation.report.ranking import Paired, Role, paired
from enunciate.evaluation.report.systems import load_systems
from enunciate.metrics.bootstrap import Interval
from enunciate.metrics.records import Results
from enunciate.schema import ASPECTS
from enunciate.storage import write_whole, writing_to

JSON, TABLE, PAGE = "benchmark.json", "benchmark.md", "report.html"
NONE = "-"
COMPARED = {f"apa.{aspect}.pcc": aspect for aspect in ASPECTS} | {
    "phone.pcc": "phone",
    "word.accuracy.pcc": "word",
    "mdd.f1": "MDD F1",
    "recognition.per_without_text": "PER without text",
}
Progress = Callable[[int, int], None]


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True)


class RowSummary(Outcome):
    """A row with its figures; None where it was not run to its end."""

    results: Results | None = None


class PairSummary(_Shape):
    """A row less the one that it is set against."""

    row: str
    against: str
    role: Role
    comparison: Comparison


class Summary(_Shape):
    """`benchmark.json`."""

    material: Material
    is_official_split: bool
    version: str
    date: str
    command: str
    machine: str
    rows: tuple[RowSummary, ...]
    paired: tuple[PairSummary, ...]


def write_summary(
    outcomes: Sequence[Outcome],
    place: Place,
    material: Material,
    command: str,
    progress: Progress | None = None,
) -> Summary:
    """Write report, table and JSON of the rows that are done; the others stand in all three with the reason.

    Args:
        outcomes: Of all rows.
        place: Where they were run.
        material: On what.
        command: That ran them.
        progress: Told how far the report is.

    Raises:
        OutputError: a file cannot be written.
    """
    done = [one.name for one in outcomes if one.status == "done"]
    systems = load_systems([place.row(name) for name in done], place.corpus) if done else []
    found = paired(systems)
    results = {system.name: system.results for system in systems}
    summary = Summary(
        material=material,
        is_official_split=material.is_official_split,
        version=enunciate.__version__,
        date=datetime.now(UTC).date().isoformat(),
        command=command,
        machine=f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}",
        rows=tuple(RowSummary(**dict(one), results=results.get(one.name)) for one in outcomes),
        paired=tuple(_pair(one) for one in found),
    )
    with writing_to(place.out):
        write_whole(place.out / JSON, summary.model_dump_json(indent=1) + "\n")
        write_whole(place.out / TABLE, as_markdown(summary))
        if systems:
            note = _page_note(outcomes, material)
            write_whole(place.out / PAGE, report_html(systems, progress, note=note))
    return summary


def _pair(one: Paired) -> PairSummary:
    return PairSummary(row=one.name, against=one.reference, role=one.role, comparison=one.found)


def _page_note(outcomes: Sequence[Outcome], material: Material) -> str:
    left = [f"{one.name} ({one.status}: {one.reason})" for one in outcomes if one.status != "done"]
    return WHAT[material.protocol] + (f" Rows without figures: {'; '.join(left)}." if left else "")


# -------------------------------------------------------------------------------------------- markdown


def as_markdown(summary: Summary) -> str:
    """The tables, with what must be known to read them."""
    material = summary.material
    done = [row for row in summary.rows if row.results is not None]
    parts = [
        f"# Benchmark: {'official protocol' if material.protocol == 'official' else 'five folds'}",
        f"**{WHAT[material.protocol]}**",
        _about(summary),
    ]
    if done:
        parts += [_figures_table(done), "PCC and rates with 95% intervals by bootstrap over speakers."]
    for role in ("first", "best"):
        pairs = [one for one in summary.paired if one.role == role]
        if pairs:
            parts += [_paired_table(pairs)]
    if summary.paired:
        parts.append(
            "Row less reference on the same clips; 95% intervals by paired bootstrap over speakers. Bold: "
            "the interval leaves out 0. Of 20 figures one does so by chance."
        )
    left = [row for row in summary.rows if row.status != "done"]
    if left:
        parts += ["## Not run, or failed", _table(("row", "what", "why"), [_left(row) for row in left])]
    return "\n\n".join(parts) + "\n"


def _about(summary: Summary) -> str:
    material = summary.material
    clips = f"{material.n_test_labelled:,} labelled utterances of {material.n_test_speakers} speakers"
    learnt = (
        f"; {material.n_train:,} utterances of the train split" if material.protocol == "official" else ""
    )
    part = (
        ""
        if summary.is_official_split or material.protocol == "folds"
        else (" **This is not the whole corpus: no figure here is one of the official split.**")
    )
    return (
        f"Tested on {clips}{learnt}. {summary.date}, enunciate {summary.version}, {summary.machine}.{part}"
        "\n\n"
        f"```sh\n{summary.command}\n```"
    )


def _figures_table(rows: Sequence[RowSummary]) -> str:
    head = ("row", *ASPECTS, "phone", "word", "MDD F1", "PER without text", "WER", "failed", "trained by")
    return _table(head, [_figures(row) for row in rows])


def _figures(row: RowSummary) -> tuple[str, ...]:
    found = row.results
    assert found is not None, "only rows with figures have a line"
    return (
        row.name,
        *(_value(one.pcc, one.ci95) for one in (getattr(found.apa, aspect) for aspect in ASPECTS)),
        _value(found.phone.pcc, found.phone.ci95),
        _value(found.word.accuracy.pcc, found.word.accuracy.ci95) if found.word else NONE,
        _value(found.mdd.f1, found.mdd.f1_ci95) if judges_phones(found) else NONE,
        _value(found.recognition.per_without_text, found.recognition.ci95),
        _value(found.wer, found.wer_ci95),
        f"{found.n_failed} of {found.n_utterances}",
        f"given: {row.weights}" if row.weights else f"{', '.join(row.recipes)}; seed {_seeds(row)}",
    )


def _seeds(row: Outcome) -> str:
    return ", ".join(map(str, row.seeds))


def _paired_table(pairs: Sequence[PairSummary]) -> str:
    reference, role = pairs[0].against, pairs[0].role
    title = f"## Against {reference}, {'the first row' if role == 'first' else 'the best row'}"
    rows = [(one.row, *(_difference(one.comparison.differences.get(k)) for k in COMPARED)) for one in pairs]
    return f"{title}\n\n{_table(('row', *COMPARED.values()), rows)}"


def _difference(one: Difference | None) -> str:
    if one is None or one.difference is None or one.ci95 is None:
        return NONE
    shown = f"{one.difference:+.3f} ({one.ci95[0]:+.3f} to {one.ci95[1]:+.3f})"
    return f"**{shown}**" if one.better else shown


def _left(row: RowSummary) -> tuple[str, ...]:
    return row.name, row.status, (row.reason or "").replace("|", "\\|").replace("\n", " ")


def _value(value: float | None, interval: Interval | None) -> str:
    if value is None:
        return NONE
    return f"{value:.3f}" if interval is None else f"{value:.3f} ({interval[0]:.3f} to {interval[1]:.3f})"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
