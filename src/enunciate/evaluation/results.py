"""The figures of `results.json`, and how they are put together from a corpus.

How failures count: an utterance that the engine failed on stays in every figure. The rule is that a failure
may never give a better figure than leaving the clip out would: it counts as "no information" in correlations
(the mean of the predictions), as the largest possible error in squared error, as missed errors in detection
and as all deletions in phone error rates; `metrics` and `mdd` say how. Only calibration leaves it out, for
there is no interval to check. `n_failed` and `n_unanswered` say how many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
from pydantic import BaseModel, ConfigDict

from enunciate.evaluation.alignment import EditCounts, pooled
from enunciate.evaluation.bootstrap import Interval, pcc_interval, ratio_of_sums, sums_interval
from enunciate.evaluation.calibration import coverage
from enunciate.evaluation.mdd import detect, edits_with_text, edits_without_text
from enunciate.evaluation.metrics import PHONE_TOP, UTTERANCE_TOP, correlate, pair_answers
from enunciate.evaluation.pairs import Evaluated, JudgedPhone, is_annotated, judged_phones
from enunciate.schema import ASPECTS, Aspect, PhoneQuality, Score


class _Figures(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Agreement(_Figures):
    """Agreement with human scores; `ci95` is the interval of `pcc`, by bootstrap over speakers."""

    n: int
    n_unanswered: int
    pcc: float | None
    ci95: Interval | None
    mse: float | None


class AspectAgreement(Agreement):
    """Agreement in one utterance score; `p_value` takes the utterances as independent."""

    p_value: float | None


class Apa(_Figures):
    """The four utterance scores."""

    accuracy: AspectAgreement
    fluency: AspectAgreement
    prosodic: AspectAgreement
    total: AspectAgreement


class Mdd(_Figures):
    """Mispronunciation detection and diagnosis, over phones (see `mdd.Detection` for the counts)."""

    precision: float | None
    recall: float | None
    f1: float | None
    f1_ci95: Interval | None
    far: float | None
    frr: float | None
    der: float | None
    per_with_text: float | None
    true_positives: int
    false_positives: int
    false_negatives: int
    true_accepts: int
    n_diagnosed: int
    n_misdiagnosed: int
    n_unanswered: int
    n_annotated_utterances: int
    """In the others the reference of both phone error rates is the canonical sequence."""


class PhoneMatch(_Figures):
    """Share of recognised phones that match (precision) and of reference phones that are matched (recall)."""

    precision: float | None
    recall: float | None
    f1: float | None


class Recognition(_Figures):
    """Recognition without the text; all None where the engine recognises nothing without it."""

    per_without_text: float | None
    ci95: Interval | None
    phone_match: PhoneMatch
    n_reference_phones: int


class IntervalCoverage(_Figures):
    """Measured against `nominal`: the share of human scores inside their intervals, and the mean width."""

    n: int
    nominal: float
    coverage: float | None
    mean_width: float | None


class Calibration(_Figures):
    """The intervals of the utterance scores (0 to 10) and of the phone scores (0 to 2)."""

    accuracy: IntervalCoverage
    fluency: IntervalCoverage
    prosodic: IntervalCoverage
    total: IntervalCoverage
    phone: IntervalCoverage


class Results(_Figures):
    """What `enunciate evaluate` writes; figures that cannot be computed are null."""

    models: tuple[str, ...]
    """What the assessments say made them; more than one in cross-validation."""
    n_utterances: int
    n_failed: int
    n_speakers: int
    apa: Apa
    phone: Agreement
    mdd: Mdd
    recognition: Recognition
    calibration: Calibration


def summarise(pairs: Sequence[Evaluated]) -> Results:
    """Computes all figures; the module says how failures count.

    Raises:
        PhoneMismatchError: an assessment has other phones than its utterance.
        CorpusError: labels that do not fit the canonical phones.
        MissingExtraError: scipy or kaldialign is not installed.
    """
    judged = [judged_phones(pair) for pair in pairs]
    return Results(
        models=tuple(sorted({pair.assessment.model for pair in pairs if pair.assessment})),
        n_utterances=len(pairs),
        n_failed=sum(pair.assessment is None for pair in pairs),
        n_speakers=len({pair.speaker for pair in pairs}),
        apa=Apa(**{aspect: _aspect(pairs, aspect) for aspect in ASPECTS}),
        phone=_phone(pairs, judged),
        mdd=_mdd(pairs, judged),
        recognition=_recognition(pairs, judged),
        calibration=_calibration(pairs, judged),
    )


def _human(pair: Evaluated, aspect: Aspect) -> float | None:
    return None if pair.utterance.scores is None else getattr(pair.utterance.scores, aspect)


def _score(pair: Evaluated, aspect: Aspect) -> Score | None:
    return None if pair.assessment is None else getattr(pair.assessment, aspect)


def _phone_quality(phone: JudgedPhone) -> PhoneQuality | None:
    return phone.predicted.score if phone.predicted else None


def _aspect(pairs: Sequence[Evaluated], aspect: Aspect) -> AspectAgreement:
    human = [_human(pair, aspect) for pair in pairs]
    scores = [_score(pair, aspect) for pair in pairs]
    return _agreement(human, scores, [pair.speaker for pair in pairs], UTTERANCE_TOP)


def _phone(pairs: Sequence[Evaluated], judged: Sequence[Sequence[JudgedPhone]]) -> Agreement:
    phones = [phone for utterance in judged for phone in utterance]
    speakers = [pair.speaker for pair, utterance in zip(pairs, judged, strict=True) for _ in utterance]
    scores = [_phone_quality(phone) for phone in phones]
    figures = _agreement([phone.human_score for phone in phones], scores, speakers, PHONE_TOP)
    # No p-value: the tens of thousands of phones are anything but independent.
    return Agreement(**figures.model_dump(exclude={"p_value"}))


def _agreement(
    human: Sequence[float | None],
    scores: Sequence[Score | PhoneQuality | None],
    speakers: Sequence[str],
    top: float,
) -> AspectAgreement:
    answers = pair_answers(human, [None if score is None else score.value for score in scores], top)
    found = correlate(answers)
    labelled = [speakers[int(i)] for i in answers.index]
    return AspectAgreement(
        n=found.n,
        n_unanswered=found.n_unanswered,
        pcc=found.pcc,
        ci95=None if found.pcc is None else pcc_interval(answers.human, answers.predicted, labelled),
        mse=found.mse,
        p_value=found.p_value,
    )


def _mdd(pairs: Sequence[Evaluated], judged: Sequence[Sequence[JudgedPhone]]) -> Mdd:
    speakers = [pair.speaker for pair in pairs]
    found = detect([phone for utterance in judged for phone in utterance])
    each = [detect(utterance) for utterance in judged]
    rows = [
        (2 * d.true_positives, 2 * d.true_positives + d.false_positives + d.false_negatives) for d in each
    ]
    return Mdd(
        precision=found.precision,
        recall=found.recall,
        f1=found.f1,
        f1_ci95=_ratio_interval(rows, speakers),
        far=found.far,
        frr=found.frr,
        der=found.der,
        per_with_text=pooled(edits_with_text(utterance) for utterance in judged).error_rate,
        n_annotated_utterances=sum(is_annotated(pair) for pair in pairs),
        **asdict(found),
    )


def _recognition(pairs: Sequence[Evaluated], judged: Sequence[Sequence[JudgedPhone]]) -> Recognition:
    if all(pair.free_phones is None for pair in pairs):
        nothing = PhoneMatch(precision=None, recall=None, f1=None)
        return Recognition(per_without_text=None, ci95=None, phone_match=nothing, n_reference_phones=0)
    # An utterance without reference phones would only add insertions against nothing.
    known = [(pair, utterance) for pair, utterance in zip(pairs, judged, strict=True) if utterance]
    edits = [edits_without_text(utterance, pair.free_phones) for pair, utterance in known]
    total = pooled(edits)
    rows = [(e.errors, e.n_reference) for e in edits]
    return Recognition(
        per_without_text=total.error_rate,
        ci95=_ratio_interval(rows, [pair.speaker for pair, _ in known]),
        phone_match=_phone_match(total),
        n_reference_phones=total.n_reference,
    )


def _phone_match(edits: EditCounts) -> PhoneMatch:
    n_reference, n_hypothesis = edits.n_reference, edits.n_hypothesis
    return PhoneMatch(
        precision=edits.hits / n_hypothesis if n_hypothesis else None,
        recall=edits.hits / n_reference if n_reference else None,
        f1=2 * edits.hits / (n_reference + n_hypothesis) if n_reference + n_hypothesis else None,
    )


def _calibration(pairs: Sequence[Evaluated], judged: Sequence[Sequence[JudgedPhone]]) -> Calibration:
    phones = [phone for utterance in judged for phone in utterance]
    covered = {
        aspect: coverage([_human(p, aspect) for p in pairs], [_score(p, aspect) for p in pairs])
        for aspect in ASPECTS
    }
    phone = coverage([p.human_score for p in phones], [_phone_quality(p) for p in phones])
    return Calibration(
        phone=IntervalCoverage(**asdict(phone)),
        **{aspect: IntervalCoverage(**asdict(found)) for aspect, found in covered.items()},
    )


def _ratio_interval(rows: Sequence[tuple[int, int]], speakers: Sequence[str]) -> Interval | None:
    if not rows:
        return None
    return sums_interval(ratio_of_sums, np.array(rows, dtype=np.float64), speakers)
