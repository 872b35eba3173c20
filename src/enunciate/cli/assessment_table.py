"""One assessment for a terminal: the words, the scores, the phones and the warnings.

Colour is never the only sign: a mispronounced phone, and a word that has one, are marked with `WRONG`, and an
omitted word stands in brackets. The output can so be read in a file, and by people who cannot tell red from
green.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from enunciate.cli.terminal import NOTHING, plain_table
from enunciate.schema import ASPECTS, Assessment, PhoneResult, Score, WordResult

WRONG = "*"
"""The mark of a mispronounced phone, and of a word that has one."""
GREEN_FROM = 0.75
YELLOW_FROM = 0.5
"""Shares of the highest score from which a score is green or yellow: 7.5 and 5 of 10."""

_UTTERANCE_TOP, _PHONE_TOP = 10, 2


def style_of(value: float, top: float) -> str:
    """Return the colour of a score on a scale from 0 to `top`."""
    share = value / top
    return "green" if share >= GREEN_FROM else "yellow" if share >= YELLOW_FROM else "red"


def assessment_table(assessment: Assessment) -> RenderableType:
    """Render everything about one clip: the sentence, its scores, its words and phones, and the warnings."""
    title = f"{assessment.id}  ({assessment.duration_s:.1f} s, {assessment.model})"
    parts: list[RenderableType] = [Text(title, style="bold"), Text()]
    if assessment.words:
        parts += [_sentence(assessment.words), Text()]
    if assessment.total:
        parts += [_scores(assessment), Text()]
    if assessment.words:
        parts += [_words(assessment.words), Text()]
    else:
        parts += [Text("phones heard:"), PhoneLines(assessment.phones), Text()]
    return Group(*parts, *_legend(assessment), *_speech(assessment), *_warnings(assessment))


def _sentence(words: Iterable[WordResult]) -> Text:
    return Text(" ").join(_marked_word(word) for word in words)


def _marked_word(word: WordResult) -> Text:
    style = style_of(word.score.value, _UTTERANCE_TOP)
    marked = {"none": word.text, "mispronunciation": word.text + WRONG, "omission": f"({word.text})"}
    return Text(marked[word.error], style=style)


def _scores(assessment: Assessment) -> Table:
    table = plain_table("", ">score", ">90% interval")
    for name in (*ASPECTS, "completeness"):
        score: Score | None = getattr(assessment, name)
        if score is None:
            table.add_row(name, NOTHING, "")
            continue
        exact = score.low == score.high
        table.add_row(name, _value(score), "" if exact else f"{score.low:.1f} to {score.high:.1f}")
    return table


def _value(score: Score) -> Text:
    return Text(f"{score.value:.1f}", style=style_of(score.value, _UTTERANCE_TOP))


def _words(words: Iterable[WordResult]) -> Table:
    table = plain_table("word", ">at", ">score", "phones")
    for word in words:
        at = NOTHING if word.start_s is None else f"{word.start_s:.1f} s"
        phones: RenderableType = PhoneLines(word.phones)
        if word.read_as:
            phones = Group(Text(f"read as: {word.read_as}", style="dim"), phones)
        table.add_row(_marked_word(word), at, _value(word.score), phones)
    return table


@dataclass(frozen=True)
class PhoneLines:
    """Phones in a row, and below each mispronounced one the phone heard; wrapped to the width."""

    phones: Sequence[PhoneResult]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for cells in _fill_lines([_Cell.of(phone) for phone in self.phones], options.max_width):
            yield Text(" ").join(cell.padded(cell.phone) for cell in cells)
            if any(cell.heard for cell in cells):
                yield Text(" ").join(cell.padded(cell.heard) for cell in cells)


@dataclass(frozen=True)
class _Cell:
    phone: Text
    heard: Text

    @classmethod
    def of(cls, phone: PhoneResult) -> _Cell:
        if phone.mispronounced:
            heard = f"{phone.heard or NOTHING} {phone.heard_probability:.0%}"
            return cls(Text(phone.phone + WRONG, style="bold red"), Text(heard, style="red"))
        style = style_of(phone.score.value, _PHONE_TOP) if phone.score else ""
        return cls(Text(phone.phone, style=style), Text())

    @property
    def width(self) -> int:
        return max(self.phone.cell_len, self.heard.cell_len, 2)

    def padded(self, text: Text) -> Text:
        padded = text.copy()
        padded.append(" " * (self.width - text.cell_len))
        return padded


def _fill_lines(cells: Iterable[_Cell], width: int) -> list[list[_Cell]]:
    lines: list[list[_Cell]] = [[]]
    used = 0
    for cell in cells:
        if lines[-1] and used + cell.width > width:
            lines.append([])
            used = 0
        lines[-1].append(cell)
        used += cell.width + 1
    return lines


def _legend(assessment: Assessment) -> list[Text]:
    explained: list[str] = []
    if any(phone.mispronounced for phone in assessment.phones):
        explained.append(
            f"{WRONG} mispronounced; below, the phone heard ({NOTHING} for none) and its probability"
        )
    if any(word.error == "omission" for word in assessment.words):
        explained.append("(word) omitted")
    return [Text(line, style="dim") for line in explained]


def _speech(assessment: Assessment) -> list[Text]:
    lines: list[str] = []
    if assessment.transcript is not None:
        lines.append(f"words heard: {assessment.transcript or NOTHING}")
    rates = assessment.rates
    if rates is not None:
        words = "" if rates.words_per_s is None else f", {rates.words_per_s:.1f} words/s"
        lines.append(
            f"speech rate: {rates.phones_per_s:.1f} phones/s{words}; "
            f"articulation rate: {rates.articulation_phones_per_s:.1f} phones/s"
        )
        pauses = [f"{pause.start_s:.1f} to {pause.end_s:.1f} s" for pause in assessment.pauses]
        lines.append(f"pauses: {', '.join(pauses) or 'none'}")
    return [Text(line) for line in lines]


def _warnings(assessment: Assessment) -> list[Text]:
    return [Text(f"warning: {notice.message}", style="bold yellow") for notice in assessment.warnings]
