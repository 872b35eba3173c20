"""Mispronunciation detection and diagnosis, and phone error rates.

For human raters an error is a phone score below 0.5; for an engine it is `PhoneResult.mispronounced`, with a
threshold of its own (tuned on data on which it is not evaluated).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, replace

from enunciate.metrics.pairs import JudgedPhone, parse_phone_label
from enunciate.phones.alignment import EditCounts, align, count_edits
from enunciate.phones.inventory import UNCLEAR
from enunciate.schema import PhoneResult


@dataclass(frozen=True)
class Detection:
    """Counts over the phones that human raters scored; every rate derives from them, None where undefined.

    A mispronounced phone without an answer counts as a missed error. A correct phone without an answer is in
    no count, since silence is not acceptance: an engine cannot gain by failing.
    """

    true_positives: int = 0
    false_positives: int = 0
    false_negatives: int = 0
    true_accepts: int = 0
    n_diagnosed: int = 0
    """True positives whose realised phone is annotated (`<unk>` does not count as an annotation)."""
    n_misdiagnosed: int = 0
    n_unanswered: int = 0

    def __add__(self, other: Detection) -> Detection:
        """Return the pooled counts of two utterances."""
        return Detection(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

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
        """False acceptance rate, FN / (TP + FN): the share of errors that were accepted."""
        return _ratio(self.false_negatives, self.true_positives + self.false_negatives)

    @property
    def frr(self) -> float | None:
        """False rejection rate, FP / (FP + TA): the share of correct phones that were flagged."""
        return _ratio(self.false_positives, self.false_positives + self.true_accepts)

    @property
    def der(self) -> float | None:
        """Diagnostic error rate: the share of diagnosed errors whose `heard` is not the annotated phone."""
        return _ratio(self.n_misdiagnosed, self.n_diagnosed)


SHARES: dict[str, Callable[[Detection], tuple[int, int]]] = {
    "precision": lambda d: (d.true_positives, d.true_positives + d.false_positives),
    "recall": lambda d: (d.true_positives, d.true_positives + d.false_negatives),
    "f1": lambda d: (2 * d.true_positives, 2 * d.true_positives + d.false_positives + d.false_negatives),
    "far": lambda d: (d.false_negatives, d.true_positives + d.false_negatives),
    "frr": lambda d: (d.false_positives, d.false_positives + d.true_accepts),
    "der": lambda d: (d.n_misdiagnosed, d.n_diagnosed),
}
"""Each rate of a detection as numerator and denominator, which can be summed over utterances."""


def align_to_canonical(phones: Sequence[JudgedPhone], recognised: Sequence[str] | None) -> list[JudgedPhone]:
    """Judge the canonical phones by aligning phones that were recognised without reference with them.

    Along the alignment with the fewest edits, a canonical phone is accepted where it is aligned with itself
    and flagged where it is aligned with another phone or with nothing; an insertion flags no phone.

    Args:
        phones: The canonical phones with their human scores.
        recognised: Phones recognised without reference. None where recognition failed: then no phone has an
            answer.
    """
    if recognised is None:
        return [replace(phone, predicted=None) for phone in phones]
    canonical = [phone.canonical for phone in phones]
    alignment = align(canonical, parse_phone_label(" ".join(recognised)))
    heard_phones = [heard for phone, heard in alignment if phone is not None]
    return [
        replace(phone, predicted=_judged(phone.canonical, heard))
        for phone, heard in zip(phones, heard_phones, strict=True)
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
    """Count detections and diagnoses; phones that nobody scored are left out."""
    scored = [phone for phone in phones if phone.human_score is not None]
    answered = [phone for phone in scored if phone.predicted]
    flagged = [phone for phone in answered if phone.predicted and phone.predicted.mispronounced]
    hits = [phone for phone in flagged if phone.is_error]
    # A diagnosis is compared as a whole: for an annotated "IH R", hearing "IH" alone is wrong.
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
    """Return the realised phones: the canonical phones with annotated mispronunciations substituted.

    `<DEL>` is dropped, two-phone labels are split, the `*` of an approximate phone is removed, `<unk>` stays.
    For an utterance without annotation this is the canonical sequence, even where the speaker realised other
    phones that nobody wrote down.
    """
    return tuple(phone for judged in phones for phone in judged.reference)


def edits_with_text(phones: Sequence[JudgedPhone]) -> EditCounts:
    """Count the edits between `reference_phones` and the engine's transcription given the text.

    That transcription has the canonical phone where the engine flags nothing and `heard` where it does; a
    deletion (`heard` None) is dropped, and so is a phone without an answer. Accepting every phone already
    gives a low rate.
    """
    hypothesis = tuple(phone for judged in phones for phone in judged.hypothesis)
    return count_edits(reference_phones(phones), hypothesis)


def edits_without_text(phones: Sequence[JudgedPhone], recognised: Sequence[str] | None) -> EditCounts:
    """Count the edits between `reference_phones` and phones recognised without reference.

    None, where recognition failed, counts as all deletions.
    """
    return count_edits(reference_phones(phones), parse_phone_label(" ".join(recognised or ())))


def _ratio(numerator: int, denominator: int) -> float | None:
    return numerator / denominator if denominator else None
