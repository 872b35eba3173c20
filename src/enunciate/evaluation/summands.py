"""The summands of every metric: what `bootstrap` adds up, speaker by speaker, to compute it on a resample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from enunciate.metrics.agreement import human_score, mse_rows, phone_quality, predicted_score
from enunciate.metrics.bootstrap import SumStatistic, pcc_of_sums, pcc_rows, ratio_of_sums
from enunciate.metrics.correlation import (
    PHONE_TOP,
    UTTERANCE_TOP,
    Answers,
    FloatArray,
    pair_answers,
    rank_answers,
)
from enunciate.metrics.mdd import SHARES, detect, edits_with_text, edits_without_text
from enunciate.metrics.pairs import Evaluated, JudgedPhone, judged_phones
from enunciate.metrics.partial_correlation import partial_of_sums, partial_rows
from enunciate.metrics.transcription import UtteranceEdits, phone_edits, word_edits
from enunciate.metrics.words import word_scores
from enunciate.phones.alignment import EditCounts
from enunciate.schema import ASPECTS


@dataclass(frozen=True)
class Summands:
    """A metric as a function of sums, the summands of each item `(N, K)`, and the speaker of each item."""

    statistic: SumStatistic
    rows: FloatArray
    speakers: Sequence[str]


def summands_of(
    pairs: Sequence[Evaluated], stopwatch: FloatArray | None = None
) -> dict[str, Summands | None]:
    """Return the summands of each metric, by its path; None where the engine has no such metric.

    Args:
        pairs: N utterances with the results of an engine.
        stopwatch: Their `stopwatch.utterance_predictors`, shape (N, 7). Without them there is no metric
            `beyond_stopwatch`.

    Raises:
        PhoneMismatchError: An assessment has other phones than its utterance.
        MissingExtraError: kaldialign or jiwer is not installed.
    """
    judged = [judged_phones(pair) for pair in pairs]
    speakers = [pair.speaker for pair in pairs]
    summands: dict[str, Summands | None] = {}
    for aspect in ASPECTS:
        scores = [predicted_score(pair, aspect) for pair in pairs]
        values = [None if score is None else score.value for score in scores]
        answers = pair_answers([human_score(pair, aspect) for pair in pairs], values, UTTERANCE_TOP)
        path = f"apa.{aspect}"
        summands |= _agreement_summands(path, answers, speakers)
        if stopwatch is not None:
            summands[f"{path}.beyond_stopwatch"] = _partial_summands(answers, stopwatch, speakers)
    summands |= _phone_summands(judged, speakers)
    human, words, owners = word_scores(pairs, "accuracy")
    values = [None if score is None else score.value for score in words]
    summands |= _agreement_summands("word.accuracy", pair_answers(human, values, UTTERANCE_TOP), owners)
    summands |= _detection_summands(judged, speakers)
    return summands | _error_rate_summands(pairs, judged, speakers)


def _agreement_summands(path: str, answers: Answers, speakers: Sequence[str]) -> dict[str, Summands | None]:
    own = [speakers[int(i)] for i in answers.index]
    ranked = rank_answers(answers)
    return {
        f"{path}.pcc": Summands(pcc_of_sums, pcc_rows(answers.human, answers.predicted), own),
        f"{path}.spearman": Summands(pcc_of_sums, pcc_rows(ranked.human, ranked.predicted), own),
        f"{path}.mse": Summands(ratio_of_sums, mse_rows(answers), own),
    }


def _partial_summands(answers: Answers, stopwatch: FloatArray, speakers: Sequence[str]) -> Summands | None:
    rows = partial_rows(answers, stopwatch[answers.index])
    own = [speakers[int(i)] for i in answers.index]
    return None if rows is None else Summands(partial_of_sums, rows, own)


def _phone_summands(
    judged: Sequence[Sequence[JudgedPhone]], speakers: Sequence[str]
) -> dict[str, Summands | None]:
    phones = [phone for utterance in judged for phone in utterance]
    owners = [speaker for speaker, utterance in zip(speakers, judged, strict=True) for _ in utterance]
    scores = [phone_quality(phone) for phone in phones]
    values = [None if score is None else score.value for score in scores]
    answers = pair_answers([phone.human_score for phone in phones], values, PHONE_TOP)
    return _agreement_summands("phone", answers, owners)


def _detection_summands(
    judged: Sequence[Sequence[JudgedPhone]], speakers: Sequence[str]
) -> dict[str, Summands | None]:
    each = [detect(utterance) for utterance in judged]
    if not any(phone.predicted for utterance in judged for phone in utterance):
        return {f"mdd.{name}": None for name in SHARES}  # an engine that judges no phones
    return {
        f"mdd.{name}": _ratio_summands([share(one) for one in each], speakers)
        for name, share in SHARES.items()
    }


def _error_rate_summands(
    pairs: Sequence[Evaluated], judged: Sequence[Sequence[JudgedPhone]], speakers: Sequence[str]
) -> dict[str, Summands | None]:
    with_reference = [(pair, utterance) for pair, utterance in zip(pairs, judged, strict=True) if utterance]
    recognised = [edits_without_text(utterance, pair.recognised_phones) for pair, utterance in with_reference]
    return {
        "mdd.per_with_text": _edit_summands([edits_with_text(utterance) for utterance in judged], speakers),
        "recognition.per_without_text": _edit_summands(
            recognised, [pair.speaker for pair, _ in with_reference]
        ),
        "per": _transcript_summands(phone_edits(pairs)),
        "wer": _transcript_summands(word_edits(pairs)),
    }


def _transcript_summands(utterances: Sequence[UtteranceEdits]) -> Summands | None:
    if not utterances:
        return None
    return _edit_summands([one.edits for one in utterances], [one.pair.speaker for one in utterances])


def _edit_summands(edits: Sequence[EditCounts], speakers: Sequence[str]) -> Summands:
    return _ratio_summands([(one.errors, one.n_reference) for one in edits], speakers)


def _ratio_summands(rows: Sequence[tuple[int, int]], speakers: Sequence[str]) -> Summands:
    return Summands(ratio_of_sums, np.array(rows, dtype=np.float64).reshape(-1, 2), speakers)
