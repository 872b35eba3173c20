"""One HTML file that says how well systems do: figures, charts, and the clips they misjudge, to be heard.

The file needs nothing else: styles, charts and sound are inside it, and its content policy lets it load
nothing.
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

TITLE = "Pronunciation assessment, compared with people"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; media-src data:; img-src data:"
OFFICIAL_CLIPS = 2500


def report_html(
    systems: Sequence[System], progress: Progress | None = None, *, note: str | None = None
) -> str:
    """The whole page.

    Args:
        systems: At least one, each with at least one clip.
        progress: Told how far it is.
        note: On how they were trained and tested.

    Raises:
        PhoneMismatchError: an assessment has other phones than its utterance.
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
    page = tag("html", _head(), body, lang="en")
    return f"<!doctype html>\n{page}\n"


def _head() -> Markup:
    style = Markup(files("enunciate.evaluation.report").joinpath("report.css").read_text(encoding="utf-8"))
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name_="color-scheme", content="light dark"),
        tag("title", TITLE),
        tag("style", style),
    )


def _header(systems: Sequence[System]) -> Markup:
    links = [("comparison", "Comparison")]
    links += [("differences", "Differences")] if len(systems) > 1 else []
    links += [(f"system-{i + 1}", system.name) for i, system in enumerate(systems)]
    nav = tag("nav", *(tag("a", name, href=f"#{id}") for id, name in links), aria_label="Parts")
    return tag("header", tag("h1", TITLE), nav, class_="page")


def _footer() -> Markup:
    text = (
        f"Made by enunciate {enunciate.__version__}. 95% intervals are by bootstrap over speakers. What each "
        "figure "
        "means: docs/metrics.md. The sound and the labels in this file are the corpus's: its licence holds "
        "for them."
    )
    return tag("footer", tag("p", text))


# -------------------------------------------------------------------------------------------- comparison


def _comparison(systems: Sequence[System], told: str | None) -> Markup:
    head = ("system", *ASPECTS, "phone", "word", "MDD F1", "PER without text", "WER", "clips", "failed")
    rows = [_own_row(system) for system in systems] + [_published_row(row) for row in PUBLISHED]
    if not any(system.results.word and system.results.word.n_labelled for system in systems):
        head, rows = _without(head, rows, head.index("word"))  # a part of the corpus has no scores of words
    shown = table(head, rows, "Correlation (PCC) with human scores, and error rates; 95% intervals below")
    note = (
        "Rows marked † are quoted from the papers named in them and were not run here: they are of the "
        "official "
        "test split (2,500 clips of 125 speakers)."
    )
    lead = tag("p", told, class_="warning") if told else None
    return section("comparison", "Comparison", lead, _split_note(systems), shown, note=note, level=2)


def judges_phones(results: Results) -> bool:
    """Whether any phone was accepted or flagged: an engine of utterance scores alone has no detection."""
    mdd = results.mdd
    return mdd.true_positives + mdd.false_positives + mdd.true_accepts > 0


def _without(
    head: tuple[str, ...], rows: list[tuple[Child, ...]], column: int
) -> tuple[tuple[str, ...], list[tuple[Child, ...]]]:
    """A table with a column less."""
    return head[:column] + head[column + 1 :], [row[:column] + row[column + 1 :] for row in rows]


def _split_note(systems: Sequence[System]) -> Markup:
    """What the rows can and cannot be compared with."""
    ids = [{pair.utterance.id for pair in system.pairs} for system in systems]
    warnings: list[str] = []
    if any(one != ids[0] for one in ids):
        warnings.append(
            "The systems were not run on the same clips: their rows cannot be compared with each other. "
            "enunciate compare takes the clips that two of them share."
        )
    if any(len(one) != OFFICIAL_CLIPS for one in ids):
        counts = " and ".join(sorted({f"{len(one):,}" for one in ids}))
        warnings.append(
            f"The systems here were run on {counts} clips, which is not the official test split: set beside "
            "the † "
            "rows their figures give an idea, not a ranking."
        )
    else:
        warnings.append(
            "The systems here were run on 2,500 clips. Only if these are the official test split, and none "
            "of its "
            "speakers were learnt from, can they be set beside the † rows."
        )
    return tag("div", *(tag("p", warning) for warning in warnings), class_="warning", role="note")


def _own_row(system: System) -> tuple[Child, ...]:
    found: Results = system.results
    models = ", ".join(found.models)
    return (
        join(tag("b", system.name), tag("small", models) if models else None),
        *(with_interval(one.pcc, one.ci95) for one in (getattr(found.apa, aspect) for aspect in ASPECTS)),
        with_interval(found.phone.pcc, found.phone.ci95),
        with_interval(found.word.accuracy.pcc, found.word.accuracy.ci95) if found.word else number(None),
        with_interval(found.mdd.f1, found.mdd.f1_ci95) if judges_phones(found) else number(None),
        with_interval(found.recognition.per_without_text, found.recognition.ci95),
        with_interval(found.wer, found.wer_ci95),
        f"{found.n_utterances:,}",
        f"{found.n_failed:,}",
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
