"""The metrics of an evaluation, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from enunciate.cli.terminal import NOTHING, facts_table, plain_table
from enunciate.schema import ASPECTS

if TYPE_CHECKING:
    from enunciate.metrics.results import Agreement, Results


def results_table(results: Results) -> RenderableType:
    """Render the main metrics of an evaluation; `docs/metrics.md` defines each."""
    agreement = plain_table("", ">PCC", ">95% interval", ">MSE")
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
        Text(heading), Text(), agreement, Text(), facts_table({k: _number(v) for k, v in rates.items()})
    )


def _agreement(agreement: Agreement) -> tuple[str, str, str]:
    interval = f"{agreement.ci95[0]:.3f} to {agreement.ci95[1]:.3f}" if agreement.ci95 else NOTHING
    return _number(agreement.pcc), interval, _number(agreement.mse)


def _number(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3f}"
