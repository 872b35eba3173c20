"""The comparison of two systems, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from enunciate.cli.terminal import NOTHING

if TYPE_CHECKING:
    from enunciate.evaluation.compare import Comparison, Difference


def comparison_table(comparison: Comparison, name_a: str, name_b: str) -> RenderableType:
    """Render a heading, the metrics of both systems with their differences, and how to read them."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for name in ("A", "B", "A - B", "95% interval"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("better")
    for name, difference in comparison.differences.items():
        if difference.a is not None or difference.b is not None:
            table.add_row(name, *_cells(difference))
    return Group(
        Text(f"A: {_named(name_a, comparison.models_a)}, {comparison.n_failed_a} failed"),
        Text(f"B: {_named(name_b, comparison.models_b)}, {comparison.n_failed_b} failed"),
        Text(_clips(comparison)),
        table,
        Text("An interval that excludes 0 shows a difference; of 20 metrics, about one does so by chance."),
    )


def _named(name: str, models: tuple[str, ...]) -> str:
    return f"{name} ({', '.join(models)})" if models else name


def _clips(comparison: Comparison) -> str:
    text = f"{comparison.n_utterances} utterances of {comparison.n_speakers} speakers, assessed by both"
    if comparison.n_only_a or comparison.n_only_b:
        text += f"; not compared: {comparison.n_only_a} of A only, {comparison.n_only_b} of B only"
    return text


def _cells(difference: Difference) -> tuple[str, str, str, str, str]:
    a, b = (NOTHING if value is None else f"{value:.3f}" for value in (difference.a, difference.b))
    a_minus_b = NOTHING if difference.difference is None else f"{difference.difference:+.3f}"
    interval = f"{difference.ci95[0]:+.3f} to {difference.ci95[1]:+.3f}" if difference.ci95 else NOTHING
    return a, b, a_minus_b, interval, difference.better or ""
