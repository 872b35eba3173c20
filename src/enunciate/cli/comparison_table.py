"""Two systems beside each other, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from enunciate.cli.tables import NOTHING

if TYPE_CHECKING:
    from enunciate.evaluation.compare import Comparison, Difference


def comparison_view(found: Comparison, name_a: str, name_b: str) -> RenderableType:
    """A heading, the figures of both with their difference, and how to read it."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for name in ("A", "B", "A - B", "95% interval"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("best")
    for name, one in found.differences.items():
        if one.a is not None or one.b is not None:
            table.add_row(name, *_cells(one))
    return Group(
        Text(f"A: {_named(name_a, found.models_a)}, {found.n_failed_a} failed"),
        Text(f"B: {_named(name_b, found.models_b)}, {found.n_failed_b} failed"),
        Text(_clips(found)),
        table,
        Text("An interval that leaves out 0 shows a difference; of 20 figures, one does so by chance."),
    )


def _named(name: str, models: tuple[str, ...]) -> str:
    return f"{name} ({', '.join(models)})" if models else name


def _clips(found: Comparison) -> str:
    text = f"{found.n_utterances} utterances of {found.n_speakers} speakers, of both"
    if found.n_only_a or found.n_only_b:
        text += f"; left out: {found.n_only_a} of A alone, {found.n_only_b} of B alone"
    return text


def _cells(one: Difference) -> tuple[str, str, str, str, str]:
    a, b = (NOTHING if value is None else f"{value:.3f}" for value in (one.a, one.b))
    difference = NOTHING if one.difference is None else f"{one.difference:+.3f}"
    interval = f"{one.ci95[0]:+.3f} to {one.ci95[1]:+.3f}" if one.ci95 else NOTHING
    return a, b, difference, interval, one.better or ""
