"""Computes the metrics of `results.json` from a corpus and the results of an engine.

An utterance on which the engine failed stays in every metric, by the rule that a failure must never score
better than leaving the clip out: it counts as no information in correlations (the mean of the predictions),
as the largest possible error in squared error, as missed errors in detection, and as all deletions in error
rates; `correlation` and `mdd` explain how. Only calibration leaves it out, since there is no interval to
check. `n_failed` and `n_unanswered` count the failures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from enunciate.metrics.agreement import (
    AspectOrWhole,
    agreement,
    human_score,
    phone_quality,
    predicted_score,
)
from enunciate.metrics.bootstrap import ratio_interval
from enunciate.metrics.correlation import PHONE_TOP, UTTERANCE_TOP, FloatArray, correlate, pair_answers
from enunciate.metrics.groups import (
    by_age,
    by_first_language,
    by_gender,
    by_length,
    by_noise,
    by_phone_class,
)
from enunciate.metrics.interval_coverage import coverage
from enunciate.metrics.mdd import (
    SHARES,
    Detection,
    align_to_canonical,
    detect,
    edits_with_text,
    edits_without_text,
    reference_phones,
)
from enunciate.metrics.pairs import Evaluated, JudgedPhone, is_annotated, judged_phones, parse_phone_label
from enunciate.metrics.partial_correlation import PartialCorrelation, partial_correlation
from enunciate.metrics.records import (
    Agreement,
    Apa,
    AspectAgreement,
    CalibrationMetrics,
    IntervalCoverage,
    Mdd,
    MddIntervals,
    PhoneMatch,
    Recognition,
    Results,
)
from enunciate.metrics.sequence_mdd import detect_in_sequences
from enunciate.metrics.transcription import transcription
from enunciate.metrics.words import word_agreement, word_scores
from enunciate.phones.alignment import EditCounts, pooled
from enunciate.schema import ASPECTS


def summarise(pairs: Sequence[Evaluated], stopwatch: FloatArray | None = None) -> Results:
    """Compute all metrics; the module explains how failures count.

    Args:
        pairs: N utterances with the results of the engine.
        stopwatch: Their `stopwatch.utterance_predictors`, shape (N, 7), which takes as long as to decode the
            audio. Without it, nothing is known of the correlation beyond the stopwatch.

    Raises:
        PhoneMismatchError: An assessment has other phones than its utterance.
        CorpusError: Labels do not fit the canonical phones.
        MissingExtraError: scipy, kaldialign or jiwer is not installed.
    """
    judged = [judged_phones(pair) for pair in pairs]
    return Results(
        models=tuple(sorted({pair.assessment.model for pair in pairs if pair.assessment})),
        n_utterances=len(pairs),
        n_failed=sum(pair.assessment is None for pair in pairs),
        n_speakers=len({pair.speaker for pair in pairs}),
        apa=Apa(**{aspect: _aspect(pairs, aspect, stopwatch) for aspect in ASPECTS}),
        phone=_phone(pairs, judged),
        mdd=_mdd(pairs, judged),
        recognition=_recognition(pairs, judged),
        calibration=_calibration(pairs, judged),
        by_age=by_age(pairs),
        by_gender=by_gender(pairs),
        by_first_language=by_first_language(pairs),
        by_length=by_length(pairs),
        by_noise=by_noise(pairs),
        phone_classes=by_phone_class(pairs),
        completeness=_aspect(pairs, "completeness", None),
        word=word_agreement(pairs),
        mdd_without_text=_mdd_without_text(pairs, judged),
        mdd_of_sequences=_mdd_of_sequences(pairs, judged, with_text=False),
        mdd_of_sequences_with_text=_mdd_of_sequences(pairs, judged, with_text=True),
        **dict(transcription(pairs)),
    )


def _aspect(
    pairs: Sequence[Evaluated], aspect: AspectOrWhole, stopwatch: FloatArray | None
) -> AspectAgreement:
    human = [human_score(pair, aspect) for pair in pairs]
    scores = [predicted_score(pair, aspect) for pair in pairs]
    speakers = [pair.speaker for pair in pairs]
    most_likely = [None if score is None else score.most_likely for score in scores]
    has_most_likely = any(value is not None for value in most_likely)
    beyond = PartialCorrelation(None, None)
    if stopwatch is not None:
        answers = pair_answers(human, [None if score is None else score.value for score in scores])
        owners = [speakers[int(i)] for i in answers.index]
        beyond = partial_correlation(answers, stopwatch[answers.index], owners)
    return AspectAgreement(
        **dict(agreement(human, scores, speakers, UTTERANCE_TOP)),
        pcc_most_likely=correlate(pair_answers(human, most_likely)).pcc if has_most_likely else None,
        beyond_stopwatch=beyond.value,
        beyond_stopwatch_ci95=beyond.ci95,
    )


def _phone(pairs: Sequence[Evaluated], judged: Sequence[Sequence[JudgedPhone]]) -> Agreement:
    phones = [phone for utterance in judged for phone in utterance]
    speakers = [pair.speaker for pair, utterance in zip(pairs, judged, strict=True) for _ in utterance]
    scores = [phone_quality(phone) for phone in phones]
    return agreement([phone.human_score for phone in phones], scores, speakers, PHONE_TOP)


def _mdd(pairs: Sequence[Evaluated], judged: Sequence[Sequence[JudgedPhone]]) -> Mdd:
    edits = [edits_with_text(utterance) for utterance in judged]
    return _mdd_of(pairs, [detect(utterance) for utterance in judged], edits)


def _mdd_of(pairs: Sequence[Evaluated], each: Sequence[Detection], edits: Sequence[EditCounts] | None) -> Mdd:
    """Pool the detections of utterances, and the edits with the text where there are any."""
    speakers = [pair.speaker for pair in pairs]
    detection = sum(each, Detection())
    intervals = {
        name: ratio_interval([share(one) for one in each], speakers) for name, share in SHARES.items()
    }
    f1_ci95 = intervals.pop("f1")
    per_ci95 = ratio_interval([(one.errors, one.n_reference) for one in edits or ()], speakers)
    return Mdd(
        precision=detection.precision,
        recall=detection.recall,
        f1=detection.f1,
        f1_ci95=f1_ci95,
        ci95=MddIntervals(**intervals, per_with_text=per_ci95),
        far=detection.far,
        frr=detection.frr,
        der=detection.der,
        per_with_text=pooled(edits).error_rate if edits else None,
        n_annotated_utterances=sum(is_annotated(pair) for pair in pairs),
        **asdict(detection),
    )


def _mdd_without_text(pairs: Sequence[Evaluated], judged: Sequence[Sequence[JudgedPhone]]) -> Mdd | None:
    """Detection by recognition without reference, which has no PER with the text."""
    if all(pair.recognised_phones is None for pair in pairs):
        return None
    aligned = [
        align_to_canonical(phones, pair.recognised_phones) for pair, phones in zip(pairs, judged, strict=True)
    ]
    return _mdd_of(pairs, [detect(utterance) for utterance in aligned], None)


def _mdd_of_sequences(
    pairs: Sequence[Evaluated], judged: Sequence[Sequence[JudgedPhone]], *, with_text: bool
) -> Mdd | None:
    """Detection as publications on L2-ARCTIC count it; None without phones that were recognised or heard."""
    recognised = [
        _told(utterance) if with_text else pair.recognised_phones
        for pair, utterance in zip(pairs, judged, strict=True)
    ]
    annotated = any(is_annotated(pair) for pair in pairs)
    if not annotated or all(phones is None for phones in recognised):
        return None
    each = [
        detect_in_sequences(
            [phone.canonical for phone in utterance],
            reference_phones(utterance),
            None if phones is None else parse_phone_label(" ".join(phones)),
        )
        for utterance, phones in zip(judged, recognised, strict=True)
    ]
    return _mdd_of(pairs, each, None)


def _told(utterance: Sequence[JudgedPhone]) -> tuple[str, ...] | None:
    """Return the phones that an engine heard given the text; None where it failed."""
    if not any(phone.predicted for phone in utterance):
        return None
    return tuple(phone for judged in utterance for phone in judged.hypothesis)


def _recognition(pairs: Sequence[Evaluated], judged: Sequence[Sequence[JudgedPhone]]) -> Recognition:
    if all(pair.recognised_phones is None for pair in pairs):
        nothing = PhoneMatch(precision=None, recall=None, f1=None)
        return Recognition(per_without_text=None, ci95=None, phone_match=nothing, n_reference_phones=0)
    # An utterance without reference phones would add nothing but insertions.
    with_reference = [(pair, utterance) for pair, utterance in zip(pairs, judged, strict=True) if utterance]
    edits = [edits_without_text(utterance, pair.recognised_phones) for pair, utterance in with_reference]
    total = pooled(edits)
    rows = [(e.errors, e.n_reference) for e in edits]
    return Recognition(
        per_without_text=total.error_rate,
        ci95=ratio_interval(rows, [pair.speaker for pair, _ in with_reference]),
        phone_match=PhoneMatch.from_edits(total),
        n_reference_phones=total.n_reference,
    )


def _calibration(pairs: Sequence[Evaluated], judged: Sequence[Sequence[JudgedPhone]]) -> CalibrationMetrics:
    phones = [phone for utterance in judged for phone in utterance]
    covered = {
        aspect: coverage([human_score(p, aspect) for p in pairs], [predicted_score(p, aspect) for p in pairs])
        for aspect in ASPECTS
    }
    phone = coverage([p.human_score for p in phones], [phone_quality(p) for p in phones])
    human, words, _ = word_scores(pairs, "accuracy")
    return CalibrationMetrics(
        phone=IntervalCoverage(**asdict(phone)),
        word=IntervalCoverage(**asdict(coverage(human, words))),
        **{aspect: IntervalCoverage(**asdict(one)) for aspect, one in covered.items()},
    )
