"""Other forms of an `Assessment`: with IPA signs, and as a table for a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO

from enunciate.phones import to_ipa
from enunciate.phones.inventory import UNCLEAR
from enunciate.schema import Assessment, PhoneResult

CSV_COLUMNS = (
    "id", "word_index", "word", "phone", "start_s", "end_s", "score", "low", "high",
    "heard", "heard_probability", "mispronounced",
)  # fmt: skip
"""`word_index` counts from 0; without reference text there are no words and no scores, and their cells are
empty; so are times that are not known. `low` and `high` are the 90% interval of `score` (0 to 2); `heard` is
empty where nothing was said."""


def in_ipa(assessment: Assessment) -> Assessment:
    """The same assessment with IPA signs in place of ARPAbet phones."""
    words = tuple(
        word.model_copy(
            update={
                "phones": tuple(_phone_in_ipa(phone) for phone in word.phones),
                "inserted": tuple(_symbols_in_ipa(phone) for phone in word.inserted),
            }
        )
        for word in assessment.words
    )
    phones = tuple(_phone_in_ipa(phone) for phone in assessment.phones)
    return assessment.model_copy(update={"words": words, "phones": phones})


def _phone_in_ipa(phone: PhoneResult) -> PhoneResult:
    heard = None if phone.heard is None else _symbols_in_ipa(phone.heard)
    return phone.model_copy(update={"phone": _symbols_in_ipa(phone.phone), "heard": heard})


def _symbols_in_ipa(symbols: str) -> str:
    """Phones with spaces between; a `*` ("mostly like it") stays, and so does `<unk>`, an unclear sound."""
    return " ".join(
        symbol if symbol == UNCLEAR else to_ipa(symbol.rstrip("*")) + "*" * symbol.endswith("*")
        for symbol in symbols.split()
    )


def to_csv(assessment: Assessment) -> str:
    r"""One row a phone, under a line of column names (`CSV_COLUMNS`).

    id,word_index,word,phone,start_s,end_s,score,low,high,heard,heard_probability,mispronounced
    a.wav,1,think,TH,0.310,0.420,0.40,0.00,1.20,S,0.870,true
    """
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    writer.writerows([assessment.id, *word, *_cells(phone)] for word, phone in _phones(assessment))
    return text.getvalue()


def _phones(assessment: Assessment) -> Iterator[tuple[tuple[str, str], PhoneResult]]:
    """Each phone with the index and text of its word."""
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
