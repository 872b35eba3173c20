"""The HTML report of tables of results: score distributions, groups, phones and agreement with people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import enunciate
from enunciate.evaluation.report import charts
from enunciate.evaluation.report.markup import (
    Child,
    Markup,
    figure,
    number,
    section,
    table,
    tag,
    with_interval,
)
from enunciate.evaluation.report.page import head_of, navigation
from enunciate.metrics.correlation import FloatArray
from enunciate.progress import Progress
from enunciate.results_report.agreement import MOST_SPEAKERS, ScoreAgreement, score_agreement
from enunciate.results_report.clip_table import ClipTable
from enunciate.results_report.groups import groups_section, mean_of
from enunciate.results_report.phones import phones_section
from enunciate.schema import ASPECTS, Aspect

TITLE = "Results of pronunciation assessment"
_WARNINGS = """
    SELECT code, count(*) AS clips FROM (SELECT unnest(string_split(warnings, ' ')) AS code FROM results)
    GROUP BY code ORDER BY clips DESC, code
"""
_FAILURES = """
    SELECT split_part(failure, ':', 1) AS code, count(*) AS clips FROM results WHERE failure IS NOT NULL
    GROUP BY code ORDER BY clips DESC, code
"""
_MODELS = "SELECT DISTINCT model FROM results WHERE model IS NOT NULL ORDER BY model"


def results_html(systems: Sequence[ClipTable], progress: Progress | None = None) -> str:
    """Return the whole page.

    Args:
        systems: At least one table of results.
        progress: Called before each table and at the end.
    """
    rows: list[tuple[Child, ...]] = []
    sections: list[Markup] = []
    for done, system in enumerate(systems):
        if progress:
            progress(done, len(systems))
        agreements: dict[Aspect, ScoreAgreement | None] = {
            aspect: score_agreement(system, aspect) for aspect in ASPECTS
        }
        rows += _agreement_rows(system, agreements)
        sections.append(_section(system, agreements, f"system-{done + 1}"))
    if progress:
        progress(len(systems), len(systems))
    links = [("agreement", "Agreement with people")] if rows else []
    links += [(f"system-{i + 1}", system.name) for i, system in enumerate(systems)]
    main = tag("main", _agreement_section(rows) if rows else None, *sections)
    text = f"Made by enunciate {enunciate.__version__}. The metrics are defined in docs/metrics.md."
    body = tag("body", navigation(TITLE, links), main, tag("footer", tag("p", text)))
    return f"<!doctype html>\n{tag('html', head_of(TITLE), body, lang='en')}\n"


def _agreement_section(rows: list[tuple[Child, ...]]) -> Markup:
    head = ("system", "score", "clips", "PCC", "Spearman", "beyond the stopwatch", "MSE", "bias", "coverage")
    note = (
        "Against the human scores of the labels. Beyond the stopwatch: the partial correlation given "
        "duration, span of speech, number of phones and rate. Bias: predicted minus human. Coverage: the "
        "share of human scores inside the 90% intervals. 95% intervals, below, are by bootstrap over "
        f"speakers (of more than {MOST_SPEAKERS:,}, over as many groups). Clips that were not assessed "
        "count as no information in correlations, and as the largest error in the MSE."
    )
    return section("agreement", "Agreement with people", table(head, rows, "Agreement"), note=note, level=2)


def _agreement_rows(
    system: ClipTable, agreements: dict[Aspect, ScoreAgreement | None]
) -> list[tuple[Child, ...]]:
    return [
        (
            tag("b", system.name),
            aspect,
            f"{one.n:,}",
            with_interval(one.pcc, one.pcc_ci95),
            with_interval(one.spearman, one.spearman_ci95),
            with_interval(one.beyond.value, one.beyond.ci95),
            number(one.mse, 2),
            number(one.bias, 2),
            "–" if one.coverage is None else f"{one.coverage:.1%}",
        )
        for aspect, one in agreements.items()
        if one is not None
    ]


def _section(system: ClipTable, agreements: dict[Aspect, ScoreAgreement | None], id: str) -> Markup:
    parts = [
        _facts(system),
        _scores(system, f"{id}-scores"),
        _scatters(system, agreements, f"{id}-scatter"),
        groups_section(system, f"{id}-groups"),
        phones_section(system, f"{id}-phones"),
        _problems(system, f"{id}-problems"),
    ]
    return section(id, system.name, *parts, level=2)


def _facts(system: ClipTable) -> Markup:
    columns = system.columns
    hours = float(np.nansum(columns["duration_s"])) / 3600
    facts = {
        "model": ", ".join(one for (one,) in system.rows(_MODELS)) or "none answered",
        "clips": f"{len(columns['failed']):,}",
        "hours": f"{hours:,.1f}",
        "not assessed": f"{int(columns['failed'].sum()):,}",
    }
    return tag("dl", *(tag("div", tag("dt", k), tag("dd", v)) for k, v in facts.items()), class_="facts")


def _scores(system: ClipTable, id: str) -> Markup:
    pictures: list[Markup] = []
    rows: list[tuple[Child, ...]] = []
    for aspect in ASPECTS:
        predicted, human = (_known(system, name) for name in (aspect, f"human_{aspect}"))
        caption = f"{aspect}: predicted mean {number(mean_of(predicted), 2)}"
        if len(human):
            caption = f"{aspect}: human mean {number(mean_of(human), 2)}, {caption.partition(': ')[2]}"
        pictures.append(figure(charts.histograms(human, predicted, caption), caption))
        widths = system.columns[f"{aspect}_high"] - system.columns[f"{aspect}_low"]
        points = np.quantile(predicted, [0.05, 0.25, 0.5, 0.75, 0.95]) if len(predicted) else [None] * 5
        spread = float(predicted.std()) if len(predicted) else None
        values = [mean_of(predicted), spread, *points, mean_of(widths)]
        rows.append((aspect, f"{len(predicted):,}", *(number(value, 2) for value in values)))
    head = ("score", "clips", "mean", "spread", "5%", "25%", "median", "75%", "95%", "interval")
    listed = table(head, rows, "Scores from 0 to 10; the spread is the standard deviation")
    note = "Line: predicted scores, rounded." + (" Bars: human scores." if system.is_labelled else "")
    return section(id, "Scores", tag("div", *pictures, class_="grid4"), listed, note=note)


def _known(system: ClipTable, name: str) -> FloatArray:
    values = system.columns.get(name, np.empty(0))
    return values[~np.isnan(values)]


def _scatters(system: ClipTable, agreements: dict[Aspect, ScoreAgreement | None], id: str) -> Markup | None:
    pictures: list[Markup] = []
    axes = charts.score_axis("human score", 0.5), charts.score_axis("predicted score")
    for aspect, one in agreements.items():
        if one is not None:
            human, predicted = system.columns[f"human_{aspect}"], system.columns[aspect]
            both = ~np.isnan(human + predicted)
            caption = f"{aspect}: PCC {number(one.pcc)}, mean squared error {number(one.mse, 2)}"
            picture = charts.scatter(human[both], predicted[both], axes, caption, diagonal=True)
            pictures.append(figure(picture, caption))
    if not pictures:
        return None
    note = (
        f"Each point is a clip; of more than {charts.MAX_DOTS:,}, a random part has points. Bars: the mean "
        "prediction for each human score, of all clips. Dashed line: perfect agreement."
    )
    return section(id, "Predicted against human scores", tag("div", *pictures, class_="grid4"), note=note)


def _problems(system: ClipTable, id: str) -> Markup:
    tables = [
        table((kind, "clips"), [(code, f"{clips:,}") for code, clips in system.rows(query)], caption)
        for kind, query, caption in (
            ("reason", _FAILURES, "Clips that were not assessed"),
            ("warning", _WARNINGS, "Warnings of clips that were"),
        )
        if system.rows(query)
    ]
    shown = tag("div", *tables, class_="grid2") if tables else tag("p", "No clip failed, none has a warning.")
    return section(id, "Failures and warnings", shown)
