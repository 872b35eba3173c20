"""The mean scores and the agreement of groups of clips: by length, noise, age, gender and first language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from enunciate.evaluation.report.markup import Markup, number, section, table, tag
from enunciate.metrics.bands import AGES, GENDERS, LENGTHS, NOISES, UNKNOWN, Bands
from enunciate.metrics.correlation import FloatArray, correlate, pair_score_arrays
from enunciate.results_report.clip_table import ClipTable
from enunciate.schema import ASPECTS

MOST_GROUPS = 30
"""A division with more groups, such as rare first languages, shows the largest ones."""
Groups = list[tuple[str, npt.NDArray[np.bool_]]]


def groups_section(clips: ClipTable, id: str) -> Markup:
    """Return a table for each division of the clips for which the table has data."""
    tables = [_table(clips, name, groups) for name, groups in _divisions(clips)]
    note = (
        "The mean scores of each group. Groups differ in their speakers, too, so that a lower score in noise "
        "need not come from the noise. The signal-to-noise ratio is what the engine measured. "
    )
    if clips.is_labelled:
        note += (
            "Bias is predicted minus human total score, negative where the system is stricter than people; "
            "PCC and MSE are of the total score within the group."
        )
    return section(id, "By length, noise and speaker", *tables, note=note)


def _divisions(clips: ClipTable) -> Iterator[tuple[str, Groups]]:
    columns = clips.columns
    yield "words of the text", _banded(LENGTHS, np.where(columns["n_words"] > 0, columns["n_words"], np.nan))
    yield "signal-to-noise ratio", _banded(NOISES, columns["snr_db"])
    if "human_age" in columns:
        yield "age", _banded(AGES, columns["human_age"])
    for name, shown in (("gender", "gender"), ("first_language", "first language")):
        divided = clips.divided(name)
        if divided is not None:
            named = [UNKNOWN if one is None else GENDERS.get(one, one) for one in divided.names]
            sizes = np.bincount(divided.codes, minlength=len(named))
            largest = sorted(np.argsort(-sizes, kind="stable")[:MOST_GROUPS].tolist())
            yield shown, [(named[code], divided.codes == code) for code in largest]


def _banded(bands: Bands, values: FloatArray) -> Groups:
    """Divide by the ranges of a number; the names that no clip has are left out."""
    place = np.searchsorted([end for end, _ in bands.ends], values, side="right")
    place[np.isnan(values)] = len(bands.names) - 1
    return [(name, place == k) for k, name in enumerate(bands.names) if (place == k).any()]


def _table(clips: ClipTable, name: str, groups: Groups) -> Markup:
    head = [name, "clips", "not assessed", *ASPECTS]
    head += ["human total", "bias", "PCC", "MSE"] if "human_total" in clips.columns else []
    rows = [(label, *_cells(clips, members)) for label, members in groups]
    return table(tuple(head), list(rows), f"By {name}")


def _cells(clips: ClipTable, members: npt.NDArray[np.bool_]) -> Sequence[str]:
    columns = clips.columns
    cells = [f"{members.sum():,}", f"{columns['failed'][members].mean():.1%}"]
    cells += [number(mean_of(columns[aspect][members]), 2) for aspect in ASPECTS]
    if "human_total" not in columns:
        return cells
    human, predicted = columns["human_total"][members], columns["total"][members]
    agreed = correlate(pair_score_arrays(human, predicted))
    return [
        *cells,
        number(mean_of(human), 2),
        number(mean_of(predicted - human), 2),
        number(agreed.pcc, 2),
        number(agreed.mse, 2),
    ]


def mean_of(values: FloatArray) -> float | None:
    """Return the mean of the values that are known; None where there are none."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None


def note_of(text: str) -> Markup:
    """Return a paragraph that says what is missing."""
    return tag("p", text, class_="note")
