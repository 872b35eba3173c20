"""Several systems compared with one of them: paired differences with the first of them, and with the best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from enunciate.evaluation.compare import Comparison, compare
from enunciate.evaluation.report.evaluated_systems import System
from enunciate.metrics.results import Results
from enunciate.schema import ASPECTS

Role = Literal["first", "best"]


@dataclass(frozen=True)
class PairedComparison:
    """A system minus its reference system, on the clips of both."""

    name: str
    reference: str
    role: Role
    comparison: Comparison


def paired_comparisons(systems: Sequence[System]) -> list[PairedComparison]:
    """Compare each system with the first and, where that is another one, with the best.

    Args:
        systems: The systems in the order in which the user named them; their names differ.

    Raises:
        PhoneMismatchError: An assessment has other phones than its utterance.
        MissingExtraError: scipy, kaldialign or jiwer is not installed.
    """
    if len(systems) < 2:
        return []
    best = best_of(systems)
    references: list[tuple[Role, System]] = [("first", systems[0])]
    if best is not None and best.name != systems[0].name:
        references.append(("best", best))
    return [
        PairedComparison(system.name, reference.name, role, _compare(system, reference))
        for role, reference in references
        for system in systems
        if system.name != reference.name
    ]


def best_of(systems: Sequence[System]) -> System | None:
    """Return the system with the highest mean PCC over the four utterance scores, the first of equals.

    None where no system has all four.
    """
    ranked = [(mean, system) for system in systems if (mean := mean_pcc(system.results)) is not None]
    return max(ranked, key=lambda one: one[0])[1] if ranked else None


def mean_pcc(results: Results) -> float | None:
    """Return the mean PCC over the four utterance scores; None where one of them is undefined."""
    values = [getattr(results.apa, aspect).pcc for aspect in ASPECTS]
    defined = [value for value in values if value is not None]
    return sum(defined) / len(defined) if len(defined) == len(values) else None


def _compare(system: System, reference: System) -> Comparison:
    ids = [pair.utterance.id for pair in system.pairs], [pair.utterance.id for pair in reference.pairs]
    # On the same clips the metrics are known already.
    results = (system.results, reference.results) if ids[0] == ids[1] else None
    return compare(system.pairs, reference.pairs, results, system.stopwatch)
