"""Metrics of parts of a corpus: ages, genders, first languages, lengths, noises, phone classes, speakers.

A system can be good on average and wrong for some: `bias`, the mean of predicted minus human score, shows for
whom it is too strict. Correlations are computed within the group, so a group whose speakers are all equally
good gets a low one whatever the system does: compare `mse` and `bias` too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from enunciate.metrics import bands
from enunciate.metrics.agreement import agreement, human_score, phone_quality, predicted_score
from enunciate.metrics.bootstrap import Interval, pcc_of_sums, pcc_rows, sums_interval
from enunciate.metrics.correlation import (
    PHONE_TOP,
    UTTERANCE_TOP,
    FloatArray,
    correlate,
    pair_answers,
)
from enunciate.metrics.mdd import detect
from enunciate.metrics.pairs import Evaluated, JudgedPhone, judged_phones
from enunciate.metrics.records import BiasedAgreement, Group, PhoneClass, PhoneClasses
from enunciate.schema import ASPECTS, PhoneQuality, Score

_PCC_SUMS = 6


@dataclass(frozen=True)
class SpeakerMean:
    """The means of one speaker over the clips that have a human and a predicted total score."""

    speaker: str
    n_utterances: int
    human: float
    predicted: float
    mean_error: float
    """The mean absolute difference over the clips."""


def by_age(pairs: Sequence[Evaluated]) -> dict[str, Group]:
    """Return the metrics of each age band that occurs, youngest first, `unknown` last."""
    return _grouped(pairs, bands.age, bands.AGES.names)


def by_gender(pairs: Sequence[Evaluated]) -> dict[str, Group]:
    """Return the metrics of each gender that the corpus names, and of `unknown`."""
    return _grouped(pairs, bands.gender)


def by_first_language(pairs: Sequence[Evaluated]) -> dict[str, Group]:
    """Return the metrics of each first language that the corpus names, and of `unknown`."""
    return _grouped(pairs, bands.first_language)


def by_length(pairs: Sequence[Evaluated]) -> dict[str, Group]:
    """Return the metrics by the number of words of the text, shortest first."""
    return _grouped(pairs, bands.length, bands.LENGTHS.names)


def by_noise(pairs: Sequence[Evaluated]) -> dict[str, Group]:
    """Return the metrics by the signal-to-noise ratio that the engine measured, noisiest first."""
    return _grouped(pairs, bands.noise, bands.NOISES.names)


def _grouped(
    pairs: Sequence[Evaluated], name_of: Callable[[Evaluated], str], order: Sequence[str] = ()
) -> dict[str, Group]:
    members: dict[str, list[Evaluated]] = {}
    for pair in pairs:
        members.setdefault(name_of(pair), []).append(pair)
    names = [name for name in order if name in members] or sorted(
        members, key=lambda n: (n == bands.UNKNOWN, n)
    )
    return {name: group_metrics(members[name]) for name in names}


def group_metrics(pairs: Sequence[Evaluated]) -> Group:
    """Return the metrics of the clips of one group; failures count as in `results`.

    Raises:
        PhoneMismatchError: An assessment has other phones than its utterance.
        MissingExtraError: scipy is not installed.
    """
    speakers = [pair.speaker for pair in pairs]
    judged = [judged_phones(pair) for pair in pairs]
    phones = [phone for utterance in judged for phone in utterance]
    detection = detect(phones)
    aspects = {
        aspect: _biased_agreement(
            [human_score(pair, aspect) for pair in pairs],
            [predicted_score(pair, aspect) for pair in pairs],
            speakers,
            UTTERANCE_TOP,
        )
        for aspect in ASPECTS
    }
    owners = [speaker for speaker, utterance in zip(speakers, judged, strict=True) for _ in utterance]
    scores = [phone_quality(phone) for phone in phones]
    return Group(
        n_speakers=len(set(speakers)),
        n_utterances=len(pairs),
        n_failed=sum(pair.assessment is None for pair in pairs),
        phone=_biased_agreement([phone.human_score for phone in phones], scores, owners, PHONE_TOP),
        f1=detection.f1,
        frr=detection.frr,
        **aspects,
    )


def _biased_agreement(
    human: Sequence[float | None],
    scores: Sequence[Score | PhoneQuality | None],
    speakers: Sequence[str],
    top: float,
) -> BiasedAgreement:
    unbiased = agreement(human, scores, speakers, top)
    errors = [
        score.value - label
        for label, score in zip(human, scores, strict=True)
        if label is not None and score is not None
    ]
    return BiasedAgreement(**dict(unbiased), bias=float(np.mean(errors)) if errors else None)


# ----------------------------------------------------------------------------------------- single phones


def by_phone_class(pairs: Sequence[Evaluated]) -> PhoneClasses:
    """Return the agreement in the scores of each canonical phone, and the macro average of the correlations.

    A phone with constant human scores has no correlation and is left out of the average. For the interval, a
    class that has no correlation among the drawn speakers is left out of that resample.
    """
    classes: dict[str, list[tuple[JudgedPhone, int]]] = {}
    for index, pair in enumerate(pairs):
        for phone in judged_phones(pair):
            classes.setdefault(phone.canonical, []).append((phone, index))
    metrics = {name: _phone_class([phone for phone, _ in items]) for name, items in sorted(classes.items())}
    defined = [name for name, one in metrics.items() if one.pcc is not None]
    values = [one.pcc for one in metrics.values() if one.pcc is not None]
    errors = [one.mse for one in metrics.values() if one.mse is not None]
    return PhoneClasses(
        macro_pcc=float(np.mean(values)) if values else None,
        macro_ci95=_macro_interval([classes[name] for name in defined], [pair.speaker for pair in pairs]),
        n_classes=len(values),
        macro_mse=float(np.mean(errors)) if errors else None,
        classes=metrics,
    )


def _phone_class(phones: Sequence[JudgedPhone]) -> PhoneClass:
    answers = pair_answers([p.human_score for p in phones], _phone_values(phones), PHONE_TOP)
    correlation = correlate(answers)
    return PhoneClass(
        n=correlation.n,
        n_errors=sum(phone.is_error is True for phone in phones),
        n_unanswered=correlation.n_unanswered,
        pcc=correlation.pcc,
        mse=correlation.mse,
        p_value=correlation.p_value,
    )


def _phone_values(phones: Sequence[JudgedPhone]) -> list[float | None]:
    scores = [phone_quality(phone) for phone in phones]
    return [None if score is None else score.value for score in scores]


def _macro_interval(
    classes: Sequence[Sequence[tuple[JudgedPhone, int]]], speakers: Sequence[str]
) -> Interval | None:
    if not classes:
        return None
    rows = np.zeros((len(speakers), len(classes), _PCC_SUMS))
    for number, items in enumerate(classes):
        phones = [phone for phone, _ in items]
        answers = pair_answers([p.human_score for p in phones], _phone_values(phones), PHONE_TOP)
        utterances = np.array([index for _, index in items])[answers.index]
        np.add.at(rows[:, number], utterances, pcc_rows(answers.human, answers.predicted))
    return sums_interval(_macro_of_sums, rows.reshape(len(speakers), -1), speakers)


def _macro_of_sums(sums: FloatArray) -> FloatArray:
    """Return the mean of the defined correlations from the sums of each class, `(R, C * 6)` -> `(R,)`."""
    values = pcc_of_sums(sums.reshape(-1, _PCC_SUMS)).reshape(len(sums), sums.shape[1] // _PCC_SUMS)
    defined = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.where(defined, values, 0).sum(axis=1) / defined.sum(axis=1)


# --------------------------------------------------------------------------------------- single speakers


def by_speaker(pairs: Sequence[Evaluated]) -> list[SpeakerMean]:
    """Return the means of each speaker who has a clip with both scores, lowest human mean first."""
    members: dict[str, list[tuple[float, float]]] = {}
    for pair in pairs:
        human, score = human_score(pair, "total"), predicted_score(pair, "total")
        if human is not None and score is not None:
            members.setdefault(pair.speaker, []).append((human, score.value))
    means = [_speaker_mean(speaker, np.array(rows)) for speaker, rows in members.items()]
    return sorted(means, key=lambda one: (one.human, one.speaker))


def _speaker_mean(speaker: str, rows: FloatArray) -> SpeakerMean:
    human, predicted = rows.T
    return SpeakerMean(
        speaker=speaker.lstrip("\0"),
        n_utterances=len(rows),
        human=float(human.mean()),
        predicted=float(predicted.mean()),
        mean_error=float(np.abs(predicted - human).mean()),
    )
