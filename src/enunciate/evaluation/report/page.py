"""One HTML file that reports on systems: metrics, charts, and the clips with the largest errors, playable.

The file is self-contained: styles, charts and audio are embedded, and its content security policy forbids it
to load anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

import enunciate
from enunciate.evaluation.report.differences import differences_section
from enunciate.evaluation.report.evaluated_systems import System
from enunciate.evaluation.report.markup import Child, Markup, join, number, section, table, tag, with_interval
from enunciate.evaluation.report.published import PUBLISHED, PublishedSystem
from enunciate.evaluation.report.ranking import paired_comparisons
from enunciate.evaluation.report.system_section import system_section
from enunciate.metrics.records import Results
from enunciate.progress import Progress
from enunciate.schema import ASPECTS

TITLE = "Pronunciation assessment compared with human scores"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; media-src data:; img-src data:"
OFFICIAL_CLIPS = 2500


def report_html(
    systems: Sequence[System], progress: Progress | None = None, *, note: str | None = None
) -> str:
    """Return the whole page.

    Args:
        systems: At least one system, each with at least one clip.
        progress: Called before each system and at the end.
        note: A note on how the systems were trained and tested.

    Raises:
        PhoneMismatchError: An assessment has other phones than its utterance.
        MissingExtraError: scipy, kaldialign or jiwer is not installed.
    """
    sections: list[Markup] = []
    for done, system in enumerate(systems):
        if progress:
            progress(done, len(systems))
        sections.append(system_section(system, f"system-{done + 1}"))
    if progress:
        progress(len(systems), len(systems))
    main = tag(
        "main", _comparison(systems, note), differences_section(paired_comparisons(systems)), *sections
    )
    body = tag("body", _header(systems), main, _footer())
    page = tag("html", head_of(TITLE), body, lang="en")
    return f"<!doctype html>\n{page}\n"


def head_of(title: str) -> Markup:
    """Return the head of a page that loads nothing, with the styles of a report."""
    style = Markup(files("enunciate.evaluation.report").joinpath("report.css").read_text(encoding="utf-8"))
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name_="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", style),
    )


def _header(systems: Sequence[System]) -> Markup:
    links = [("comparison", "Comparison")]
    links += [("differences", "Differences")] if len(systems) > 1 else []
    links += [(f"system-{i + 1}", system.name) for i, system in enumerate(systems)]
    return navigation(TITLE, links)


def navigation(title: str, links: Sequence[tuple[str, str]]) -> Markup:
    """Return the top of a page: its title, and links to sections by their ids."""
    nav = tag("nav", *(tag("a", name, href=f"#{id}") for id, name in links), aria_label="Sections")
    return tag("header", tag("h1", title), nav, class_="page")


def _footer() -> Markup:
    text = (
        f"Made by enunciate {enunciate.__version__}. 95% intervals are by bootstrap over speakers. The "
        "metrics are defined in docs/metrics.md. The audio and the labels in this file belong to the "
        "corpus, and its licence applies to them."
    )
    return tag("footer", tag("p", text))


# -------------------------------------------------------------------------------------------- comparison


def _comparison(systems: Sequence[System], protocol_note: str | None) -> Markup:
    head = ("system", *ASPECTS, "phone", "word", "MDD F1", "PER without text", "WER", "clips", "failed")
    scored = any(getattr(system.results.apa, aspect).n for system in systems for aspect in ASPECTS)
    rows = [_own_row(system) for system in systems]
    rows += [_published_row(row) for row in PUBLISHED] if scored else []
    if not any(system.results.word and system.results.word.n_labelled for system in systems):
        head, rows = _without(head, rows, head.index("word"))  # a part of the corpus has no word scores
    shown = table(head, rows, "Correlation (PCC) with human scores, and error rates; 95% intervals below")
    note = (
        "Rows marked † quote the papers that they name and were not run here; they are for the official test "
        "split (2,500 clips of 125 speakers)."
    )
    lead = tag("p", protocol_note, class_="warning") if protocol_note else None
    if not scored:  # such as L2-ARCTIC, for which there are no such rows either
        return section("comparison", "Comparison", lead, _clips_note(systems), shown, level=2)
    notes = tag("div", _clips_note(systems), _split_note(systems))
    return section(
        "comparison", "Comparison", lead, notes, shown, _beyond_stopwatch(systems), note=note, level=2
    )


def _beyond_stopwatch(systems: Sequence[System]) -> Markup:
    """Return ranks, and what is left of the correlation once length and rate of a clip are known."""
    head = ("system", *(f"{aspect}, {kind}" for kind in ("beyond", "ranks") for aspect in ASPECTS))
    rows = [_beyond_row(system) for system in systems]
    return table(
        head,
        rows,
        "Beyond the stopwatch: partial correlation given duration, span of speech, number of phones and "
        "rate; and Spearman's rank correlation",
    )


def _beyond_row(system: System) -> tuple[Child, ...]:
    aspects = [getattr(system.results.apa, aspect) for aspect in ASPECTS]
    return (
        tag("b", system.name),
        *(with_interval(one.beyond_stopwatch, one.beyond_stopwatch_ci95) for one in aspects),
        *(with_interval(one.spearman, one.spearman_ci95) for one in aspects),
    )


def judges_phones(results: Results) -> bool:
    """Whether any phone was accepted or flagged: an engine without phone results has no detection."""
    mdd = results.mdd
    return mdd.true_positives + mdd.false_positives + mdd.true_accepts > 0


def _without(
    head: tuple[str, ...], rows: list[tuple[Child, ...]], column: int
) -> tuple[tuple[str, ...], list[tuple[Child, ...]]]:
    """Return a table without one column."""
    return head[:column] + head[column + 1 :], [row[:column] + row[column + 1 :] for row in rows]


def _clips_note(systems: Sequence[System]) -> Markup | None:
    """Return a warning where the rows cannot be compared with each other."""
    ids = [{pair.utterance.id for pair in system.pairs} for system in systems]
    if all(one == ids[0] for one in ids):
        return None
    return _warning(
        "The systems were not run on the same clips, so their rows cannot be compared with each other. "
        "enunciate compare uses the clips that two of them share."
    )


def _split_note(systems: Sequence[System]) -> Markup:
    """Return whether the rows can be compared with the published ones."""
    counts = {len(system.pairs) for system in systems}
    if counts == {OFFICIAL_CLIPS}:
        return _warning(
            "The systems here were run on 2,500 clips. They can be compared with the † rows only if these "
            "are the official test split, and if nothing was trained on its speakers."
        )
    shown = " and ".join(sorted(f"{count:,}" for count in counts))
    return _warning(
        f"The systems here were run on {shown} clips, which is not the official test split: their "
        "metrics cannot be ranked with those of the † rows."
    )


def _warning(text: str) -> Markup:
    return tag("div", tag("p", text), class_="warning", role="note")


def _own_row(system: System) -> tuple[Child, ...]:
    results, word = system.results, system.results.word
    models = ", ".join(results.models)
    return (
        join(tag("b", system.name), tag("small", models) if models else None),
        *(with_interval(one.pcc, one.ci95) for one in (getattr(results.apa, aspect) for aspect in ASPECTS)),
        with_interval(results.phone.pcc, results.phone.ci95),
        with_interval(word.accuracy.pcc, word.accuracy.ci95) if word else number(None),
        with_interval(results.mdd.f1, results.mdd.f1_ci95) if judges_phones(results) else number(None),
        with_interval(results.recognition.per_without_text, results.recognition.ci95),
        with_interval(results.wer, results.wer_ci95),
        f"{results.n_utterances:,}",
        f"{results.n_failed:,}",
    )


def _published_row(row: PublishedSystem) -> tuple[Child, ...]:
    source = f"{row.source}; {row.note}" if row.note else row.source
    values = (*(getattr(row, aspect) for aspect in ASPECTS), row.phone, None, row.f1, row.per, row.wer)
    return (
        join(tag("span", f"† {row.name}", class_="published"), tag("small", source)),
        *(number(value) for value in values),
        f"{OFFICIAL_CLIPS:,}",
        "–",
    )
