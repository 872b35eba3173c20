"""An `Assessment` as CSV, for a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO

from enunciate.schema import Assessment, PhoneResult

CSV_COLUMNS = (
    "id", "word_index", "word", "phone", "start_s", "end_s", "score", "low", "high",
    "heard", "heard_probability", "mispronounced",
)  # fmt: skip
"""`word_index` counts from 0. `low` and `high` are the 90% interval of `score`, from 0 to 2. A cell is empty
if its value is not known: words and scores without a reference text, times that the engine does not give, and
`heard` if no phone was said."""


def to_csv(assessment: Assessment) -> str:
    r"""Return one row per phone, below a header of `CSV_COLUMNS`.

    id,word_index,word,phone,start_s,end_s,score,low,high,heard,heard_probability,mispronounced
    a.wav,1,think,TH,0.310,0.420,0.40,0.00,1.20,S,0.870,true
    """
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    writer.writerows([assessment.id, *word, *_cells(phone)] for word, phone in _phones(assessment))
    return text.getvalue()


def _phones(assessment: Assessment) -> Iterator[tuple[tuple[str, str], PhoneResult]]:
    """Yield each phone with the index and text of its word."""
    if not assessment.words:
        yield from ((("", ""), phone) for phone in assessment.phones)
    for index, word in enumerate(assessment.words):
        yield from (((str(index), word.text), phone) for phone in word.phones)


def _cells(phone: PhoneResult) -> list[str]:
    quality = phone.score
    score = [f"{value:.2f}" for value in (quality.value, quality.low, quality.high)] if quality else [""] * 3
    return [
        phone.phone,
        *("" if time_s is None else f"{time_s:.3f}" for time_s in (phone.start_s, phone.end_s)),
        *score,
        phone.heard or "",
        f"{phone.heard_probability:.3f}",
        str(phone.mispronounced).lower(),
    ]
