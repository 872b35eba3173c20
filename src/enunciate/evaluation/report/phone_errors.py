"""The mispronounced phones of one system: confusions of phones, and agreement per canonical phone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from enunciate.evaluation.report.charts import heat_map
from enunciate.evaluation.report.evaluated_systems import System
from enunciate.evaluation.report.markup import Markup, figure, number, section, table, tag
from enunciate.metrics.pairs import JudgedPhone, judged_phones
from enunciate.metrics.records import PhoneClasses

N_CONFUSIONS = 15
DELETED = "∅"
"""Stands for a deletion, where nothing was heard."""


def phone_errors_section(system: System, id: str) -> Markup:
    """Return the confusions that a system reports, and its agreement per canonical phone."""
    phones = [phone for pair in system.pairs for phone in judged_phones(pair)]
    flagged = [phone for phone in phones if phone.predicted and phone.predicted.mispronounced]
    title = "Mispronounced phones"
    classes = _class_table(system.results.phone_classes)
    if not flagged:
        return section(id, title, tag("p", "No phone was flagged."), classes)
    note = (
        "Phones that the system flagged. Rows are the expected, canonical phones, and columns the phones "
        f"that it heard ({DELETED}: deleted)."
    )
    parts = tag("div", _confusion_matrix(flagged), _top_confusions(flagged), class_="grid2")
    return section(id, title, parts, classes, note=note)


def _heard(phone: JudgedPhone) -> str:
    return " ".join(phone.heard) or DELETED


def _confusion_matrix(flagged: Sequence[JudgedPhone]) -> Markup:
    rows = sorted({phone.canonical for phone in flagged})
    columns = sorted({_heard(phone) for phone in flagged})
    counts = np.zeros((len(rows), len(columns)))
    for phone in flagged:
        counts[rows.index(phone.canonical), columns.index(_heard(phone))] += 1
    caption = f"{len(flagged):,} flagged phones; darker is more frequent"
    picture = tag("div", heat_map((rows, columns), counts, caption), class_="wide map", tabindex="0")
    return figure(picture, caption)


def _top_confusions(flagged: Sequence[JudgedPhone]) -> Markup:
    counts = Counter((phone.canonical, _heard(phone)) for phone in flagged)
    agreed = Counter((phone.canonical, _heard(phone)) for phone in flagged if phone.is_error)
    rows = [
        (f"{expected} → {heard}", f"{n}", f"{agreed[expected, heard]} ({agreed[expected, heard] / n:.0%})")
        for (expected, heard), n in sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:N_CONFUSIONS]
    ]
    return table(("expected → heard", "flagged", "raters agree"), list(rows), "The most frequent confusions")


def _class_table(classes: PhoneClasses | None) -> Markup | None:
    if classes is None or not classes.classes:
        return None
    rows = [
        (name, f"{one.n:,}", f"{one.n_errors:,}", number(one.pcc), number(one.mse))
        for name, one in classes.classes.items()
    ]
    interval = classes.macro_ci95
    shown = f" ({number(interval[0])} to {number(interval[1])})" if interval else ""
    macro = f"Scores per phone: mean PCC {number(classes.macro_pcc)}{shown} over {classes.n_classes} phones"
    inner = table(("phone", "count", "errors", "PCC", "MSE"), list(rows), "Agreement per canonical phone")
    return tag("details", tag("summary", macro), inner)
