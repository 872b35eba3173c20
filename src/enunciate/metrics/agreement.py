"""Human and predicted scores of the same items, and their agreement with intervals over speakers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from enunciate.metrics.bootstrap import Interval, pcc_interval, ratio_of_sums, sums_interval
from enunciate.metrics.correlation import Answers, FloatArray, correlate, pair_answers, pearson, rank_answers
from enunciate.metrics.pairs import Evaluated, JudgedPhone
from enunciate.metrics.records import Agreement
from enunciate.schema import Aspect, PhoneQuality, Score

AspectOrWhole = Aspect | Literal["completeness"]


def human_score(pair: Evaluated, aspect: AspectOrWhole) -> float | None:
    """Return the human score of an utterance; None where nobody scored it."""
    return None if pair.utterance.scores is None else getattr(pair.utterance.scores, aspect)


def predicted_score(pair: Evaluated, aspect: AspectOrWhole) -> Score | None:
    """Return the predicted score of an utterance; None where the engine failed."""
    return None if pair.assessment is None else getattr(pair.assessment, aspect)


def phone_quality(phone: JudgedPhone) -> PhoneQuality | None:
    """Return the predicted score of a phone; None where the engine gave no answer, or no score."""
    return phone.predicted.score if phone.predicted else None


def agreement(
    human: Sequence[float | None],
    scores: Sequence[Score | PhoneQuality | None],
    speakers: Sequence[str],
    top: float,
) -> Agreement:
    """Return PCC, Spearman's correlation and MSE with their intervals.

    Args:
        human: Human scores; None where nobody scored.
        scores: Predicted scores; None where the engine gave none.
        speakers: The speaker of each item.
        top: The highest score of the scale.

    Raises:
        MissingExtraError: scipy is not installed.
    """
    answers = pair_answers(human, [None if score is None else score.value for score in scores], top)
    correlation = correlate(answers)
    ranked = rank_answers(answers)
    labelled = [speakers[int(i)] for i in answers.index]
    return Agreement(
        n=correlation.n,
        n_unanswered=correlation.n_unanswered,
        pcc=correlation.pcc,
        ci95=None if correlation.pcc is None else pcc_interval(answers.human, answers.predicted, labelled),
        mse=correlation.mse,
        mse_ci95=_mse_interval(answers, labelled),
        p_value=correlation.p_value,
        spearman=None if correlation.pcc is None else pearson(ranked.human, ranked.predicted),
        spearman_ci95=None
        if correlation.pcc is None
        else pcc_interval(ranked.human, ranked.predicted, labelled),
    )


def _mse_interval(answers: Answers, speakers: Sequence[str]) -> Interval | None:
    if not len(answers.human):
        return None
    return sums_interval(ratio_of_sums, mse_rows(answers), speakers)


def mse_rows(answers: Answers) -> FloatArray:
    """Return the summands of each item for `bootstrap.ratio_of_sums`, shape `(N, 2)`."""
    return np.stack([answers.squared_error, np.ones_like(answers.squared_error)], axis=1)
