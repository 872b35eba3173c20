"""Mispronunciation detection and diagnosis, and phone error rates.

People's errors are the phones that they scored below 0.5; the engine's are `PhoneResult.mispronounced`, whose
threshold is the engine's own matter (tuned on data that it is not evaluated on).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from enunciate.metrics.pairs import JudgedPhone, spoken_phones
from enunciate.phones.alignment import EditCounts, align, count_edits
from enunciate.phones.inventory import UNCLEAR
from enunciate.schema import PhoneResult


@dataclass(frozen=True)
class Detection:
    """Counts over phones that people scored; each figure is a view of them, None where its divisor is 0.

    A phone for which the engine gave no answer is a missed error if it was one. If it was correct it is in no
    count, since saying nothing is not accepting: an engine can gain nothing by failing.
    """

    true_positives: int = 0
    false_positives: int = 0
    false_negatives: int = 0
    true_accepts: int = 0
    n_diagnosed: int = 0
    """True positives whose annotation says what was said instead (`<unk>` says nothing)."""
    n_misdiagnosed: int = 0
    n_unanswered: int = 0

    @property
    def precision(self) -> float | None:
        """TP / (TP + FP)."""
        return _ratio(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall(self) -> float | None:
        """TP / (TP + FN)."""
        return _ratio(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def f1(self) -> float | None:
        """2 TP / (2 TP + FP + FN), the harmonic mean of precision and recall."""
        twice = 2 * self.true_positives
        return _ratio(twice, twice + self.false_positives + self.false_negatives)

    @property
    def far(self) -> float | None:
        """False acceptance rate, FN / (TP + FN): errors that passed."""
        return _ratio(self.false_negatives, self.true_positives + self.false_negatives)

    @property
    def frr(self) -> float | None:
        """False rejection rate, FP / (FP + TA): correct phones that were flagged."""
        return _ratio(self.false_positives, self.false_positives + self.true_accepts)

    @property
    def der(self) -> float | None:
        """Diagnostic error rate: detected errors whose `heard` is not the annotated phone."""
        return _ratio(self.n_misdiagnosed, self.n_diagnosed)


SHARES: dict[str, Callable[[Detection], tuple[int, int]]] = {
    "precision": lambda d: (d.true_positives, d.true_positives + d.false_positives),
    "recall": lambda d: (d.true_positives, d.true_positives + d.false_negatives),
    "f1": lambda d: (2 * d.true_positives, 2 * d.true_positives + d.false_positives + d.false_negatives),
    "far": lambda d: (d.false_negatives, d.true_positives + d.false_negatives),
    "frr": lambda d: (d.false_positives, d.false_positives + d.true_accepts),
    "der": lambda d: (d.n_misdiagnosed, d.n_diagnosed),
}
"""Each figure of a detection as part and whole, which can be summed over utterances."""


def laid_along(phones: Sequence[JudgedPhone], free_phones: Sequence[str] | None) -> list[JudgedPhone]:
    """The same phones as if free recognition had judged them, by the alignment with the fewest edits.

    A canonical phone is accepted where it stands opposite itself, flagged where another phone or nothing
    does; what was recognised beyond the canonical phones flags none. None recognised nothing: no phone is
    answered.
    """
    if free_phones is None:
        return [replace(phone, predicted=None) for phone in phones]
    canonical = [phone.canonical for phone in phones]
    opposite = [heard for said, heard in align(canonical, spoken_phones(" ".join(free_phones))) if said]
    return [
        replace(phone, predicted=_judged(phone.canonical, heard))
        for phone, heard in zip(phones, opposite, strict=True)
    ]


def _judged(canonical: str, heard: str | None) -> PhoneResult:
    return PhoneResult(
        phone=canonical,
        start_s=None,
        end_s=None,
        heard=heard,
        heard_probability=1.0,
        score=None,
        mispronounced=heard != canonical,
    )


def detect(phones: Sequence[JudgedPhone]) -> Detection:
    """Counts detections and diagnoses; phones that nobody scored are left out."""
    scored = [phone for phone in phones if phone.human_score is not None]
    answered = [phone for phone in scored if phone.predicted]
    flagged = [phone for phone in answered if phone.predicted and phone.predicted.mispronounced]
    hits = [phone for phone in flagged if phone.is_error]
    # Diagnoses are compared whole: of an annotated "IH R", hearing "IH" alone is wrong.
    diagnosed = [phone for phone in hits if phone.pronounced is not None and UNCLEAR not in phone.pronounced]
    n_errors = sum(phone.is_error is True for phone in scored)
    n_correct_answered = sum(phone.is_error is False for phone in answered)
    return Detection(
        true_positives=len(hits),
        false_positives=len(flagged) - len(hits),
        false_negatives=n_errors - len(hits),
        true_accepts=n_correct_answered - (len(flagged) - len(hits)),
        n_diagnosed=len(diagnosed),
        n_misdiagnosed=sum(phone.heard != phone.pronounced for phone in diagnosed),
        n_unanswered=len(scored) - len(answered),
    )


def reference_phones(phones: Sequence[JudgedPhone]) -> tuple[str, ...]:
    """What was said: the canonical phones with the annotated mispronunciations put in place.

    `<DEL>` is dropped, two-phone labels are split, the `*` of "mostly like it" is taken off, `<unk>` stays.
    For an utterance without `mispronunciations` this is the canonical sequence, though the speaker may
    well have said something else: nobody wrote it down.
    """
    return tuple(phone for judged in phones for phone in judged.reference)


def edits_with_text(phones: Sequence[JudgedPhone]) -> EditCounts:
    """Edits of the engine's account, given the text, against `reference_phones`.

    Its account is the canonical phone where it flags nothing and `heard` where it does; a deletion (`heard`
    None) is dropped, and so is a phone without an answer. Saying "all correct" already gives a low rate.
    """
    hypothesis = tuple(phone for judged in phones for phone in judged.hypothesis)
    return count_edits(reference_phones(phones), hypothesis)


def edits_without_text(phones: Sequence[JudgedPhone], free_phones: Sequence[str] | None) -> EditCounts:
    """Edits of free recognition against `reference_phones`; None recognised nothing: all are deletions."""
    return count_edits(reference_phones(phones), spoken_phones(" ".join(free_phones or ())))


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
