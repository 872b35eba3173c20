"""The metrics of an evaluation, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from enunciate.cli.terminal import NOTHING, facts_table, plain_table
from enunciate.schema import ASPECTS

if TYPE_CHECKING:
    from enunciate.metrics.bootstrap import Interval
    from enunciate.metrics.results import Agreement, Results


def results_table(results: Results) -> RenderableType:
    """Render the main metrics of an evaluation that have a value; `docs/metrics.md` defines each."""
    mdd, recognition = results.mdd, results.recognition
    sequences = results.mdd_of_sequences_with_text
    rates = {
        "MDD precision": mdd.precision,
        "MDD recall": mdd.recall,
        "MDD F1": mdd.f1,
        "MDD F1 of sequences": sequences and sequences.f1,
        "PER with text": mdd.per_with_text,
        "PER without text": recognition.per_without_text,
        "PER, phones heard": results.per,
        "phone match F1": results.phone_match.f1,
        "WER": results.wer,
    }
    facts = facts_table({name: _number(value) for name, value in rates.items() if value is not None})
    parts = [part for part in (_agreements(results), _beyond_stopwatch(results), facts) if part.row_count]
    return Group(Text(_heading(results)), *(one for part in parts for one in (Text(), part)))


def _heading(results: Results) -> str:
    heading = f"{_counted(results.n_utterances, 'utterance')} of {_counted(results.n_speakers, 'speaker')}"
    heading += f", {results.n_failed} failed"
    if results.n_unparsable:
        heading += f", {_counted(results.n_unparsable, 'answer')} unparsable"
    return heading


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _agreements(results: Results) -> Table:
    """Agreement with people, where they gave scores."""
    agreements = {name: getattr(results.apa, name) for name in ASPECTS} | {"phone": results.phone}
    if results.word is not None and results.word.n_labelled:
        agreements["word"] = results.word.accuracy
    table = plain_table("", ">PCC", ">95% interval", ">MSE", ">Spearman")
    for name, agreement in agreements.items():
        if agreement.pcc is not None or agreement.mse is not None:
            table.add_row(name, *_agreement(agreement))
    return table


def _agreement(agreement: Agreement) -> tuple[str, str, str, str]:
    interval = _interval(agreement.ci95)
    return _number(agreement.pcc), interval, _number(agreement.mse), _number(agreement.spearman)


def _beyond_stopwatch(results: Results) -> Table:
    """Partial correlations given what the length of a clip and its text tell."""
    table = plain_table("beyond the stopwatch", ">partial PCC", ">95% interval")
    for name in ASPECTS:
        one = getattr(results.apa, name)
        if one.beyond_stopwatch is not None:
            table.add_row(name, _number(one.beyond_stopwatch), _interval(one.beyond_stopwatch_ci95))
    return table


def _interval(interval: Interval | None) -> str:
    return f"{interval[0]:.3f} to {interval[1]:.3f}" if interval else NOTHING


def _number(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3f}"
