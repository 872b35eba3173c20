"""Alignment of phone sequences by edit distance, and the counts that error rates are made of.

`align` and `count_edits` use kaldialign rather than an aligner of our own: it is kept up, runs at C++ speed,
and whoever evaluates needs the `[eval]` extra anyway. `edit_distance` needs NumPy alone, for the engines that
run without extras. All three kinds of error cost 1 (not sclite's 3/3/4), as in jiwer and in published phone
error rates.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from enunciate.errors import MissingExtraError

GAP = "\0"
"""The string that kaldialign puts opposite an inserted or deleted phone; no phone can be written so."""


@dataclass(frozen=True)
class EditCounts:
    """Counts of the edits between a reference and a hypothesis; adding them pools utterances."""

    hits: int = 0
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0

    def __add__(self, other: EditCounts) -> EditCounts:
        """Return the pooled counts of two hypotheses."""
        return EditCounts(
            self.hits + other.hits,
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
        )

    @property
    def errors(self) -> int:
        """The edit distance: substitutions, deletions and insertions."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def n_reference(self) -> int:
        """The length of the reference."""
        return self.hits + self.substitutions + self.deletions

    @property
    def n_hypothesis(self) -> int:
        """The length of the hypothesis."""
        return self.hits + self.substitutions + self.insertions

    @property
    def error_rate(self) -> float | None:
        """The errors per reference phone, over 1 with many insertions; None for an empty reference."""
        return self.errors / self.n_reference if self.n_reference else None


def align(reference: Sequence[str], hypothesis: Sequence[str]) -> list[tuple[str | None, str | None]]:
    """Pair each phone with its counterpart along an alignment with the fewest edits.

    Returns:
        (reference phone, hypothesis phone) in order; None stands opposite an insertion or a deletion. For
        example, `K AE T` against `K AH T S` gives `[("K", "K"), ("AE", "AH"), ("T", "T"), (None, "S")]`.

    Raises:
        MissingExtraError: kaldialign is not installed.
    """
    try:
        import kaldialign  # pyright: ignore[reportMissingTypeStubs]
    except ImportError as error:
        raise MissingExtraError("kaldialign", "eval") from error
    pairs = kaldialign.align(list(reference), list(hypothesis), GAP)
    return [(None if a == GAP else a, None if b == GAP else b) for a, b in pairs]


def align_from_the_end(
    reference: Sequence[str], hypothesis: Sequence[str]
) -> list[tuple[str | None, str | None]]:
    """Pair as `align` does, choosing among equally good alignments as Kaldi's `align-text` does.

    From the end, two phones are paired wherever that costs no more, else a phone counts as deleted, else as
    inserted. Which phones of equally good alignments are paired decides how published figures of
    mispronunciation detection count them; kaldialign chooses others.
    """
    costs = _edit_costs(reference, hypothesis)
    pairs: list[tuple[str | None, str | None]] = []
    i, j = len(reference), len(hypothesis)
    while i or j:
        paired = bool(i and j) and costs[i][j] == costs[i - 1][j - 1] + (
            reference[i - 1] != hypothesis[j - 1]
        )
        deleted = not paired and i > 0 and costs[i][j] == costs[i - 1][j] + 1
        pairs.append(
            (reference[i - 1] if paired or deleted else None, None if deleted else hypothesis[j - 1])
        )
        i, j = i - (paired or deleted), j - (not deleted)
    return pairs[::-1]


def _edit_costs(reference: Sequence[str], hypothesis: Sequence[str]) -> list[list[int]]:
    """Return the fewest edits between the first i phones of one and the first j of the other."""
    rows = [list(range(len(hypothesis) + 1))]
    for i, phone in enumerate(reference, start=1):
        row, above = [i], rows[-1]
        for j, other in enumerate(hypothesis, start=1):
            row.append(min(above[j - 1] + (phone != other), above[j] + 1, row[-1] + 1))
        rows.append(row)
    return rows


def count_edits(reference: Sequence[str], hypothesis: Sequence[str]) -> EditCounts:
    """Count hits, substitutions, deletions and insertions along `align`.

    Raises:
        MissingExtraError: kaldialign is not installed.
    """
    pairs = align(reference, hypothesis)
    return EditCounts(
        hits=sum(a == b for a, b in pairs),
        substitutions=sum(a is not None and b is not None and a != b for a, b in pairs),
        deletions=sum(b is None for _, b in pairs),
        insertions=sum(a is None for a, _ in pairs),
    )


def pooled(counts: Iterable[EditCounts]) -> EditCounts:
    """Sum the counts of many utterances, so that each phone weighs the same, and not each utterance."""
    return sum(counts, EditCounts())


def edit_distance(reference: Sequence[str] | Sequence[int], hypothesis: Sequence[str] | Sequence[int]) -> int:
    """Return the Levenshtein distance of two sequences of phones, or of class numbers, without kaldialign.

    >>> edit_distance(["K", "AE", "T"], ["K", "AH", "T", "S"])
    2
    """
    steps = np.arange(len(hypothesis) + 1)
    target = np.array(hypothesis)
    row = steps
    for index, symbol in enumerate(reference):
        without_insertion = np.minimum(row[1:] + 1, row[:-1] + (target != symbol))
        row = np.minimum.accumulate(np.concatenate(([index + 1], without_insertion)) - steps) + steps
    return int(row[-1])
