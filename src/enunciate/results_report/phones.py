"""The phones of a table of results: how often each was flagged, and what was heard in its place."""

from __future__ import annotations

import numpy as np

from enunciate.evaluation.report.charts import heat_map
from enunciate.evaluation.report.markup import Markup, figure, number, section, table, tag
from enunciate.evaluation.report.phone_errors import DELETED, N_CONFUSIONS
from enunciate.results_report.clip_table import ClipTable
from enunciate.results_report.groups import note_of

MOST_HEARD = 45
"""Columns of the heat map; what was heard more rarely is left out of it."""
TITLE = "Mispronounced phones"
_FLAGGED = "CAST(mispronounced AS BOOLEAN)"
_CONFUSIONS = f"""
    SELECT phone, coalesce(heard, '{DELETED}') AS said, count(*) AS times
    FROM phones WHERE phone IS NOT NULL AND {_FLAGGED} GROUP BY ALL ORDER BY times DESC, phone, said
"""
_PHONES = f"""
    SELECT phone, count(*) AS times, avg({_FLAGGED}::INT) AS flagged, avg(TRY_CAST(score AS DOUBLE))
    FROM phones WHERE phone IS NOT NULL GROUP BY phone ORDER BY flagged DESC, phone
"""


def phones_section(clips: ClipTable, id: str) -> Markup:
    """Return the confusions of the flagged phones, and how often each phone was flagged."""
    if not clips.has_phones:
        return section(id, TITLE, note_of("Give the results at the level of phones as --phones to see them."))
    each = [
        (phone, f"{times:,}", f"{flagged:.1%}", number(score, 2))
        for phone, times, flagged, score in clips.rows(_PHONES)
    ]
    listed = table(("phone", "said", "flagged", "mean score"), list(each), "Each phone, the worst first")
    confusions = clips.rows(_CONFUSIONS)
    if not confusions:
        return section(id, TITLE, tag("p", "No phone was flagged."), listed)
    n_flagged = sum(times for _, _, times in confusions)
    rows = [
        (f"{expected} → {heard}", f"{times:,}", f"{times / n_flagged:.1%}")
        for expected, heard, times in confusions[:N_CONFUSIONS]
    ]
    top = table(("expected → heard", "flagged", "of all"), list(rows), "The most frequent confusions")
    parts = tag("div", _map(confusions, n_flagged), top, class_="grid2")
    note = (
        "Phones that the system flagged. Rows are the expected, canonical phones, and columns the phones "
        f"that it heard ({DELETED}: deleted)."
    )
    every = tag("details", tag("summary", f"Each of the {len(each)} phones"), listed)
    return section(id, TITLE, parts, every, note=note)


def _map(confusions: list[tuple[str, str, int]], n_flagged: int) -> Markup:
    times_heard: dict[str, int] = {}
    for _, heard, times in confusions:
        times_heard[heard] = times_heard.get(heard, 0) + times
    columns = sorted(sorted(times_heard, key=lambda heard: (-times_heard[heard], heard))[:MOST_HEARD])
    rows = sorted({expected for expected, _, _ in confusions})
    counts = np.zeros((len(rows), len(columns)))
    for expected, heard, times in confusions:
        if heard in columns:
            counts[rows.index(expected), columns.index(heard)] = times
    caption = f"{n_flagged:,} flagged phones; darker is more frequent"
    if len(columns) < len(times_heard):
        caption += f"; of what was heard, the {MOST_HEARD} most frequent"
    picture = tag("div", heat_map((rows, columns), counts, caption), class_="wide map", tabindex="0")
    return figure(picture, caption)
