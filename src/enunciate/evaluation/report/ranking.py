"""Several systems against one of them: paired differences with the first of them, and with the best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from enunciate.evaluation.compare import Comparison, compare
from enunciate.evaluation.report.systems import System
from enunciate.metrics.results import Results
from enunciate.schema import ASPECTS

Role = Literal["first", "best"]


@dataclass(frozen=True)
class Paired:
    """A system less the one that it is set against, on the clips of both."""

    name: str
    reference: str
    role: Role
    found: Comparison


def paired(systems: Sequence[System]) -> list[Paired]:
    """Each system against the first and, where that is another, against the best.

    Args:
        systems: In the order in which they were named; their names differ.

    Raises:
        PhoneMismatchError: an assessment has other phones than its utterance.
        MissingExtraError: scipy, kaldialign or jiwer is not installed.
    """
    if len(systems) < 2:
        return []
    best = best_of(systems)
    references: list[tuple[Role, System]] = [("first", systems[0])]
    if best is not None and best.name != systems[0].name:
        references.append(("best", best))
    return [
        Paired(system.name, reference.name, role, _compared(system, reference))
        for role, reference in references
        for system in systems
        if system.name != reference.name
    ]


def best_of(systems: Sequence[System]) -> System | None:
    """The one with the greatest mean correlation over the four utterance scores; the first of equals.

    None where no system has all four.
    """
    known = [(mean, system) for system in systems if (mean := mean_pcc(system.results)) is not None]
    return max(known, key=lambda one: one[0])[1] if known else None


def mean_pcc(results: Results) -> float | None:
    """Over the four utterance scores."""
    values = [getattr(results.apa, aspect).pcc for aspect in ASPECTS]
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if len(known) == len(values) else None


def _compared(system: System, reference: System) -> Comparison:
    ids = [pair.utterance.id for pair in system.pairs], [pair.utterance.id for pair in reference.pairs]
    # On the same clips the figures are known already.
    figures = (system.results, reference.results) if ids[0] == ids[1] else None
    return compare(system.pairs, reference.pairs, figures)
