"""The metrics of an evaluation, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from enunciate.cli.terminal import NOTHING, facts_table, plain_table
from enunciate.schema import ASPECTS

if TYPE_CHECKING:
    from enunciate.metrics.bootstrap import Interval
    from enunciate.metrics.results import Agreement, Results


def results_table(results: Results) -> RenderableType:
    """Render the main metrics of an evaluation; `docs/metrics.md` defines each."""
    agreement = plain_table("", ">PCC", ">95% interval", ">MSE", ">Spearman")
    for name in ASPECTS:
        agreement.add_row(name, *_agreement(getattr(results.apa, name)))
    agreement.add_row("phone", *_agreement(results.phone))
    if results.word is not None and results.word.n_labelled:
        agreement.add_row("word", *_agreement(results.word.accuracy))
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
    heading = f"{results.n_utterances} utterances of {results.n_speakers} speakers, {results.n_failed} failed"
    if results.n_unparsable:
        heading += f", {results.n_unparsable} answers unparsable"
    facts = facts_table({name: _number(value) for name, value in rates.items()})
    return Group(Text(heading), Text(), agreement, Text(), _beyond_stopwatch(results), Text(), facts)


def _agreement(agreement: Agreement) -> tuple[str, str, str, str]:
    interval = _interval(agreement.ci95)
    return _number(agreement.pcc), interval, _number(agreement.mse), _number(agreement.spearman)


def _beyond_stopwatch(results: Results) -> RenderableType:
    """Partial correlations given what the length of a clip and its text tell."""
    table = plain_table("beyond the stopwatch", ">partial PCC", ">95% interval")
    for name in ASPECTS:
        one = getattr(results.apa, name)
        table.add_row(name, _number(one.beyond_stopwatch), _interval(one.beyond_stopwatch_ci95))
    return table


def _interval(interval: Interval | None) -> str:
    return f"{interval[0]:.3f} to {interval[1]:.3f}" if interval else NOTHING


def _number(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3f}"
