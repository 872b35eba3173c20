"""Edit distance between phone sequences, by kaldialign.

kaldialign rather than a Levenshtein of our own: it is kept up, runs at C++ speed, and whoever evaluates needs
the `[eval]` extra anyway. All three kinds of error cost 1 (not sclite's 3/3/4), as in jiwer and in published
phone error rates.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from enunciate.errors import MissingExtraError

GAP = "\0"
"""What kaldialign puts opposite an inserted or deleted phone: a string that no phone can be."""


@dataclass(frozen=True)
class EditCounts:
    """What a hypothesis got right and wrong against its reference; add them to pool utterances."""

    hits: int = 0
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0

    def __add__(self, other: EditCounts) -> EditCounts:
        """The counts of two hypotheses together."""
        return EditCounts(
            self.hits + other.hits,
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
        )

    @property
    def errors(self) -> int:
        """The edit distance."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def n_reference(self) -> int:
        """Length of the reference."""
        return self.hits + self.substitutions + self.deletions

    @property
    def n_hypothesis(self) -> int:
        """Length of the hypothesis."""
        return self.hits + self.substitutions + self.insertions

    @property
    def error_rate(self) -> float | None:
        """Errors per reference phone (over 1 with many insertions); None for an empty reference."""
        return self.errors / self.n_reference if self.n_reference else None


def align(reference: Sequence[str], hypothesis: Sequence[str]) -> list[tuple[str | None, str | None]]:
    """Pairs each phone with its counterpart at the least number of edits.

    Returns:
        (reference phone, hypothesis phone) in order; None faces what was inserted or deleted. For example
        `K AE T` against `K AH T S` gives `[("K", "K"), ("AE", "AH"), ("T", "T"), (None, "S")]`.

    Raises:
        MissingExtraError: kaldialign is not installed.
    """
    try:
        import kaldialign  # pyright: ignore[reportMissingTypeStubs]
    except ImportError as error:
        raise MissingExtraError("kaldialign", "eval") from error
    pairs = kaldialign.align(list(reference), list(hypothesis), GAP)
    return [(None if a == GAP else a, None if b == GAP else b) for a, b in pairs]


def count_edits(reference: Sequence[str], hypothesis: Sequence[str]) -> EditCounts:
    """Counts hits, substitutions, deletions and insertions along `align`."""
    pairs = align(reference, hypothesis)
    return EditCounts(
        hits=sum(a == b for a, b in pairs),
        substitutions=sum(a is not None and b is not None and a != b for a, b in pairs),
        deletions=sum(b is None for _, b in pairs),
        insertions=sum(a is None for a, _ in pairs),
    )


def pooled(counts: Iterable[EditCounts]) -> EditCounts:
    """Sums the counts of many utterances, so that each phone weighs the same (not each utterance)."""
    return sum(counts, EditCounts())
