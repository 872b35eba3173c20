"""Human and predicted scores of the same items, and how well they agree, with the interval over speakers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from enunciate.metrics.bootstrap import Interval, pcc_interval, ratio_of_sums, sums_interval
from enunciate.metrics.correlation import Answers, correlate, pair_answers
from enunciate.metrics.pairs import Evaluated, JudgedPhone
from enunciate.metrics.records import Agreement
from enunciate.schema import Aspect, PhoneQuality, Score

AspectOrWhole = Aspect | Literal["completeness"]


def human_score(pair: Evaluated, aspect: AspectOrWhole) -> float | None:
    """What people gave an utterance; None where nobody scored it."""
    return None if pair.utterance.scores is None else getattr(pair.utterance.scores, aspect)


def predicted_score(pair: Evaluated, aspect: AspectOrWhole) -> Score | None:
    """What the engine gave an utterance; None where it failed."""
    return None if pair.assessment is None else getattr(pair.assessment, aspect)


def phone_quality(phone: JudgedPhone) -> PhoneQuality | None:
    """What the engine gave a phone; None where it gave no answer, or no score."""
    return phone.predicted.score if phone.predicted else None


def agreement(
    human: Sequence[float | None],
    scores: Sequence[Score | PhoneQuality | None],
    speakers: Sequence[str],
    top: float,
) -> Agreement:
    """The figures.

    Args:
        human: Labels; None where nobody scored.
        scores: What the engine gave; None where it gave nothing.
        speakers: Who spoke each item.
        top: The highest score of the scale.

    Raises:
        MissingExtraError: scipy is not installed.
    """
    answers = pair_answers(human, [None if score is None else score.value for score in scores], top)
    found = correlate(answers)
    labelled = [speakers[int(i)] for i in answers.index]
    return Agreement(
        n=found.n,
        n_unanswered=found.n_unanswered,
        pcc=found.pcc,
        ci95=None if found.pcc is None else pcc_interval(answers.human, answers.predicted, labelled),
        mse=found.mse,
        mse_ci95=_mse_interval(answers, labelled),
        p_value=found.p_value,
    )


def _mse_interval(answers: Answers, speakers: Sequence[str]) -> Interval | None:
    if not len(answers.human):
        return None
    rows = np.stack([answers.squared_error, np.ones_like(answers.squared_error)], axis=1)
    return sums_interval(ratio_of_sums, rows, speakers)
