"""The part of a report that compares systems with one of them, with paired intervals."""

from __future__ import annotations

from collections.abc import Sequence

from enunciate.evaluation.compare import Difference
from enunciate.evaluation.report.markup import Child, Markup, join, number, section, table, tag
from enunciate.evaluation.report.ranking import PairedComparison, Role
from enunciate.schema import ASPECTS

SHOWN = {f"apa.{aspect}.pcc": aspect for aspect in ASPECTS} | {
    "phone.pcc": "phone",
    "word.accuracy.pcc": "word",
    "mdd.f1": "MDD F1",
    "recognition.per_without_text": "PER without text",
    "wer": "WER",
}
ROLES: dict[Role, str] = {"first": "the first system", "best": "the best mean PCC"}
BETTER, WORSE = "▲", "▼"


def differences_section(pairs: Sequence[PairedComparison]) -> Markup | None:
    """Return a table for each reference system; None where there is only one system."""
    if not pairs:
        return None
    tables = [_table([one for one in pairs if one.role == role]) for role in ROLES]
    note = (
        "Each system minus the reference system, on the clips of both, with the 95% interval by paired "
        f"bootstrap, which draws the same speakers for both. {BETTER} better or {WORSE} worse, where the "
        "interval excludes 0; lower error rates are better. Without a mark, no difference is shown. One "
        "metric in 20 is marked by chance."
    )
    return section("differences", "Differences", *tables, note=note, level=2)


def _table(pairs: Sequence[PairedComparison]) -> Markup | None:
    if not pairs:
        return None
    known = [name for name in SHOWN if any(_is_known(one, name) for one in pairs)]
    head = ("system", *(SHOWN[name] for name in known), "clips of both")
    rows: list[tuple[Child, ...]] = [
        (
            tag("b", one.name),
            *(_cell(one.comparison.differences.get(name)) for name in known),
            f"{one.comparison.n_utterances:,}",
        )
        for one in pairs
    ]
    return table(head, rows, f"Against {pairs[0].reference}, {ROLES[pairs[0].role]}")


def _is_known(one: PairedComparison, name: str) -> bool:
    difference = one.comparison.differences.get(name)
    return difference is not None and difference.difference is not None


def _cell(one: Difference | None) -> Markup:
    if one is None or one.difference is None:
        return join(number(None))
    mark = {"A": f"{BETTER} ", "B": f"{WORSE} ", None: ""}[one.better]
    low_high = tag("small", f"{_signed(one.ci95[0])} to {_signed(one.ci95[1])}") if one.ci95 else None
    shown = tag("b", f"{mark}{_signed(one.difference)}") if mark else join(_signed(one.difference))
    return join(shown, low_high)


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "−")
