"""Results as rows of a table, at the level of utterances, of words or of phones.

Every level has the `id` of the clip first and `failure` last: why a clip could not be assessed. Such a clip
has one row, which is empty otherwise. Indices count from 0. `low` and `high` are the 90% interval of a score.
A cell is empty where its value is not known: words and scores without a reference text, times that the engine
does not give, and `heard` where no phone was said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from enunciate.exports.columns import Cell, Column, numbers, text, truth, whole
from enunciate.exports.level import Level
from enunciate.manifest import Row
from enunciate.schema import ASPECTS, Assessment, Failure, PhoneQuality, PhoneResult, Score, WordResult

_SCORED = ("total", *(aspect for aspect in ASPECTS if aspect != "total"))


@dataclass(frozen=True)
class Layout:
    """The columns of a level, without `id` and `failure`, and the rows of an assessment in these columns."""

    columns: tuple[Column, ...]
    cells: Callable[[Assessment], Iterable[tuple[Cell, ...]]]


def columns_of(level: Level) -> tuple[Column, ...]:
    """Return the columns of a level."""
    return (Column("id"), *_LAYOUTS[level].columns, Column("failure"))


def rows_of(level: Level, rows: Iterable[Row]) -> Iterator[tuple[Cell, ...]]:
    """Yield the rows of all results at a level, each with a cell for each of its columns."""
    layout = _LAYOUTS[level]
    for row in rows:
        if isinstance(row, Failure):
            empty: tuple[Cell, ...] = (None,) * len(layout.columns)
            yield (row.id, *empty, f"{row.error.code}: {row.error.message}")
        else:
            yield from ((row.id, *cells, None) for cells in layout.cells(row))


# -------------------------------------------------------------------------------------------- utterances

_UTTERANCE_COLUMNS = (
    *text("text", "model"),
    *numbers(3, "duration_s"),
    *numbers(2, *(f"{aspect}{end}" for aspect in _SCORED for end in ("", "_low", "_high")), "completeness"),
    *whole("n_words", "n_omitted", "n_phones", "n_mispronounced"),
    *numbers(2, "phones_per_s", "words_per_s", "articulation_phones_per_s"),
    *whole("n_pauses"),
    *numbers(1, "snr_db"),
    *numbers(3, "clipped_share"),
    *text("warnings", "transcript"),
)


def _utterance_cells(assessment: Assessment) -> Iterator[tuple[Cell, ...]]:
    rates = assessment.rates
    scores = [cell for aspect in _SCORED for cell in _interval(getattr(assessment, aspect))]
    yield (
        assessment.text,
        assessment.model,
        assessment.duration_s,
        *scores,
        assessment.completeness.value if assessment.completeness else None,
        len(assessment.words),
        sum(word.error == "omission" for word in assessment.words),
        len(assessment.phones),
        sum(phone.mispronounced for phone in assessment.phones),
        rates.phones_per_s if rates else None,
        rates.words_per_s if rates else None,
        rates.articulation_phones_per_s if rates else None,
        len(assessment.pauses),
        assessment.snr_db,
        assessment.clipped_share,
        " ".join(warning.code for warning in assessment.warnings) or None,
        assessment.transcript,
    )


# ------------------------------------------------------------------------------------------------ words

_WORD_COLUMNS = (
    *whole("word_index"),
    *text("word"),
    *numbers(3, "start_s", "end_s"),
    *numbers(2, "score", "low", "high"),
    *text("error", "phones", "heard", "inserted", "read_as", "pronunciation"),
    *truth("guessed"),
)


def _word_cells(assessment: Assessment) -> Iterator[tuple[Cell, ...]]:
    for index, word in enumerate(assessment.words):
        yield (
            index,
            word.text,
            word.start_s,
            word.end_s,
            *_interval(word.score),
            word.error,
            " ".join(phone.phone for phone in word.phones),
            " ".join(phone.heard for phone in word.phones if phone.heard) or None,
            " ".join(word.inserted) or None,
            word.read_as,
            word.pronunciation,
            word.guessed,
        )


# ----------------------------------------------------------------------------------------------- phones

_PHONE_COLUMNS = (
    *whole("word_index"),
    *text("word", "phone"),
    *numbers(3, "start_s", "end_s"),
    *numbers(2, "score", "low", "high"),
    *text("heard"),
    *numbers(3, "heard_probability"),
    *truth("mispronounced"),
    *whole("stress"),
)


def _phone_cells(assessment: Assessment) -> Iterator[tuple[Cell, ...]]:
    for index, word, phone in _phones(assessment):
        yield (
            index,
            word.text if word else None,
            phone.phone,
            phone.start_s,
            phone.end_s,
            *_interval(phone.score),
            phone.heard,
            phone.heard_probability,
            phone.mispronounced,
            phone.stress,
        )


def _phones(assessment: Assessment) -> Iterator[tuple[int | None, WordResult | None, PhoneResult]]:
    """Yield each phone with the index of its word and its word, where there are words."""
    if not assessment.words:
        yield from ((None, None, phone) for phone in assessment.phones)
    for index, word in enumerate(assessment.words):
        yield from ((index, word, phone) for phone in word.phones)


def _interval(score: Score | PhoneQuality | None) -> tuple[float | None, float | None, float | None]:
    return (score.value, score.low, score.high) if score else (None, None, None)


_LAYOUTS = {
    Level.UTTERANCES: Layout(_UTTERANCE_COLUMNS, _utterance_cells),
    Level.WORDS: Layout(_WORD_COLUMNS, _word_cells),
    Level.PHONES: Layout(_PHONE_COLUMNS, _phone_cells),
}
