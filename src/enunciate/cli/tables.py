"""Results for people: tables and coloured text in a terminal.

Colour is never the only sign: a wrong phone, and a word that has one, carry `WRONG`, and a word that was left
out stands in brackets, so that the same output can be read in a file or without telling red from green.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from enunciate.schema import ASPECTS, Assessment, PhoneResult, Score, WordResult

if TYPE_CHECKING:
    from enunciate.metrics.results import Agreement, Results
    from enunciate.recipes import ShippedRecipe

WRONG = "*"
NOTHING = "-"
"""What was heard where a phone was left out; also a score that there is not."""
GOOD_FROM = 0.75
FAIR_FROM = 0.5
"""Shares of the top score: 7.5 and 5 of 10. Only the colours go by them."""

_UTTERANCE_TOP, _PHONE_TOP = 10, 2
_FILE_WIDTH = 100


def style_of(value: float, top: float) -> str:
    """The colour of a score."""
    share = value / top
    return "green" if share >= GOOD_FROM else "yellow" if share >= FAIR_FROM else "red"


# ---------------------------------------------------------------------------------------- one assessment


def assessment_view(assessment: Assessment) -> RenderableType:
    """Everything about one clip: the sentence, its scores, its words and phones, and the warnings."""
    title = f"{assessment.id}  ({assessment.duration_s:.1f} s, {assessment.model})"
    parts: list[RenderableType] = [Text(title, style="bold"), Text()]
    if assessment.words:
        parts += [_sentence(assessment.words), Text()]
    if assessment.total:
        parts += [_scores(assessment), Text()]
    if assessment.words:
        parts += [_words(assessment.words), Text()]
    else:
        parts += [Text("sounds heard:"), Sounds(assessment.phones), Text()]
    return Group(*parts, *_legend(assessment), *_speech(assessment), *_warnings(assessment))


def show(view: RenderableType) -> None:
    """Print a view to stdout, in colour where that is a terminal."""
    Console(highlight=False).print(view)


def as_text(view: RenderableType) -> str:
    """What a view looks like in a file: without colours."""
    file = StringIO()
    Console(file=file, width=_FILE_WIDTH, highlight=False, no_color=True).print(view)
    return "".join(line.rstrip() + "\n" for line in file.getvalue().splitlines())


def _sentence(words: Iterable[WordResult]) -> Text:
    return Text(" ").join(_marked_word(word) for word in words)


def _marked_word(word: WordResult) -> Text:
    style = style_of(word.score.value, _UTTERANCE_TOP)
    marked = {"none": word.text, "mispronunciation": word.text + WRONG, "omission": f"({word.text})"}
    return Text(marked[word.error], style=style)


def _scores(assessment: Assessment) -> Table:
    table = _table("", ">score", ">90% range")
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
    table = _table("word", ">at", ">score", "sounds")
    for word in words:
        at = NOTHING if word.start_s is None else f"{word.start_s:.1f} s"
        table.add_row(_marked_word(word), at, _value(word.score), Sounds(word.phones))
    return table


def _table(*headings: str) -> Table:
    """Without lines, so that it can be pasted anywhere; `>` before a heading puts its column to the right."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for heading in headings:
        right = heading.startswith(">")
        last = heading == headings[-1]
        table.add_column(heading.lstrip(">"), justify="right" if right else "left", no_wrap=not last)
    return table


@dataclass(frozen=True)
class Sounds:
    """Phones in a row, and under each wrong one what was heard; as many double lines as the width needs."""

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
        explained.append(f"{WRONG} wrong; under it what was heard ({NOTHING} nothing) and how sure that is")
    if any(word.error == "omission" for word in assessment.words):
        explained.append("(word) left out")
    return [Text(line, style="dim") for line in explained]


def _speech(assessment: Assessment) -> list[Text]:
    heard = (
        [] if assessment.transcript is None else [Text(f"words heard: {assessment.transcript or NOTHING}")]
    )
    rates = assessment.rates
    if rates is None:
        return heard
    words = "" if rates.words_per_s is None else f", {rates.words_per_s:.1f} words"
    pauses = [f"{pause.start_s:.1f} to {pause.end_s:.1f} s" for pause in assessment.pauses]
    return [
        *heard,
        Text(
            f"speed: {rates.phones_per_s:.1f} sounds{words} a second; "
            f"{rates.articulation_phones_per_s:.1f} sounds without the pauses"
        ),
        Text(f"pauses: {', '.join(pauses) or 'none'}"),
    ]


def _warnings(assessment: Assessment) -> list[Text]:
    return [Text(f"warning: {notice.message}", style="bold yellow") for notice in assessment.warnings]


# --------------------------------------------------------------------------------------- other results


def results_view(results: Results) -> RenderableType:
    """The figures of an evaluation; `docs/metrics.md` says what each means."""
    agreement = _table("", ">PCC", ">95% interval", ">MSE")
    for name in ASPECTS:
        agreement.add_row(name, *_agreement(getattr(results.apa, name)))
    agreement.add_row("phone", *_agreement(results.phone))
    if results.word is not None and results.word.n_labelled:
        agreement.add_row("word", *_agreement(results.word.accuracy))
    mdd, recognition = results.mdd, results.recognition
    rates = {
        "MDD precision": mdd.precision,
        "MDD recall": mdd.recall,
        "MDD F1": mdd.f1,
        "PER with text": mdd.per_with_text,
        "PER without text": recognition.per_without_text,
        "PER, phones heard": results.per,
        "phone match F1": results.phone_match.f1,
        "WER": results.wer,
    }
    heading = f"{results.n_utterances} utterances of {results.n_speakers} speakers, {results.n_failed} failed"
    if results.n_unparsable:
        heading += f", {results.n_unparsable} answers unparsable"
    return Group(
        Text(heading), Text(), agreement, Text(), facts_view({k: _figure(v) for k, v in rates.items()})
    )


def _agreement(found: Agreement) -> tuple[str, str, str]:
    interval = f"{found.ci95[0]:.3f} to {found.ci95[1]:.3f}" if found.ci95 else NOTHING
    return _figure(found.pcc), interval, _figure(found.mse)


def _figure(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3f}"


def facts_view(facts: Mapping[str, str]) -> Table:
    """Names and values, one a line."""
    table = _table("", " ")
    table.show_header = False
    for name, value in facts.items():
        table.add_row(name, value)
    return table


def recipes_view(recipes: Iterable[ShippedRecipe]) -> Table:
    """Name, kind and summary of each recipe."""
    table = _table("recipe", "kind", "")
    for recipe in recipes:
        table.add_row(recipe.name, recipe.kind or NOTHING, recipe.summary)
    return table


@contextmanager
def progress_bar(what: str, *, hidden: bool = False) -> Generator[Callable[[int, int], None], None, None]:
    """A bar on stderr, where that is a terminal; gives a function to call with (done, in all)."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # Redirecting would send rows that are printed to a piped stdout to the bar's console instead.
    with Progress(
        *columns,
        console=console,
        disable=hidden or not console.is_terminal,
        redirect_stdout=False,
        redirect_stderr=False,
    ) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
