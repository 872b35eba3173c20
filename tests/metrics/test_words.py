"""Agreement in the scores of words, by hand and against SciPy."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from support.evaluation_cases import make_assessment, make_utterance

from enunciate.metrics.pairs import Evaluated
from enunciate.metrics.results import summarise
from enunciate.metrics.words import word_agreement
from enunciate.schema import Score


def scored(id, accuracy, predicted, speaker="s1", total=None):
    """One word with a human and a predicted score; a prediction of None is a clip that failed."""
    utterance = make_utterance(id=id, speaker=speaker)
    (word,) = utterance.words
    word = word.model_copy(update={"accuracy": accuracy, "total": total})
    utterance = utterance.model_copy(update={"words": (word,)})
    if predicted is None:
        return Evaluated(utterance, None, None)
    assessment = make_assessment(utterance)
    low_high = {"low": max(0, predicted - 1), "high": min(10, predicted + 1)}
    result = assessment.words[0].model_copy(update={"score": Score(value=predicted, **low_high)})
    return Evaluated(utterance, assessment.model_copy(update={"words": (result,)}), None)


def test_the_agreement_of_words_is_that_of_scipy():
    human, predicted = [2, 5, 9, 10, 4], [3.0, 4.0, 9.5, 8.0, 6.0]
    pairs = [scored(str(i), h, p, f"s{i}") for i, (h, p) in enumerate(zip(human, predicted, strict=True))]
    agreement = word_agreement(pairs)
    expected = stats.pearsonr(human, predicted)

    assert agreement.accuracy.pcc == pytest.approx(expected.statistic)
    assert agreement.accuracy.p_value == pytest.approx(expected.pvalue)
    assert agreement.accuracy.mse == pytest.approx((1 + 1 + 0.25 + 4 + 4) / 5)
    assert (agreement.n_words, agreement.n_labelled, agreement.total.n, agreement.total.pcc) == (
        5,
        5,
        0,
        None,
    )


def test_without_word_labels_every_metric_is_none():
    results = summarise([scored(str(i), None, 5.0) for i in range(4)])

    assert results.word.n_words == 4 and results.word.n_labelled == 0
    assert results.word.accuracy.pcc is None and results.word.accuracy.mse is None
    assert results.calibration.word.n == 0 and results.calibration.word.coverage is None


def test_the_coverage_of_word_intervals_is_measured():
    results = summarise([scored("a", 5, 5.5), scored("b", 5, 9.0), scored("c", None, 5.0)])

    assert (results.calibration.word.n, results.calibration.word.coverage) == (2, 0.5)


def test_a_failed_clip_counts_as_the_largest_error():
    answered = [scored("a", 2, 2.0), scored("b", 5, 5.0), scored("c", 9, 9.0)]
    agreement = word_agreement([*answered, scored("d", 3, None)])

    assert agreement.accuracy.n_unanswered == 1
    assert agreement.accuracy.mse == pytest.approx((10 - 3) ** 2 / 4)
    assert agreement.accuracy.pcc < 1


@settings(max_examples=20)
@given(st.integers(0, 1000), st.randoms(use_true_random=False))
def test_the_order_of_utterances_changes_no_metric_of_words(seed, order):
    rng = random.Random(seed)
    pairs = [scored(str(i), rng.randint(0, 10), rng.uniform(0, 10), f"s{i % 3}") for i in range(9)]
    shuffled = pairs.copy()
    order.shuffle(shuffled)
    first, second = word_agreement(pairs).accuracy, word_agreement(shuffled).accuracy

    assert (first.pcc, first.mse) == pytest.approx((second.pcc, second.mse))
    assert first.ci95 == pytest.approx(second.ci95)
