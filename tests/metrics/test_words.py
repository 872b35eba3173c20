"""Scores of words against people's, and detection by recognition without the text, by hand."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from support.evaluation_cases import make_assessment, make_utterance

from enunciate.metrics.mdd import align_to_canonical, detect
from enunciate.metrics.pairs import Evaluated, judged_phones
from enunciate.metrics.results import summarise
from enunciate.metrics.words import word_agreement
from enunciate.schema import Score


def scored(id, accuracy, predicted, speaker="s1", total=None):
    """One word with people's score and an engine's; None is a clip that failed."""
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


def test_words_agree_as_scipy_says():
    human, predicted = [2, 5, 9, 10, 4], [3.0, 4.0, 9.5, 8.0, 6.0]
    pairs = [scored(str(i), h, p, f"s{i}") for i, (h, p) in enumerate(zip(human, predicted, strict=True))]
    found = word_agreement(pairs)
    expected = stats.pearsonr(human, predicted)

    assert found.accuracy.pcc == pytest.approx(expected.statistic)
    assert found.accuracy.p_value == pytest.approx(expected.pvalue)
    assert found.accuracy.mse == pytest.approx((1 + 1 + 0.25 + 4 + 4) / 5)
    assert (found.n_words, found.n_labelled, found.total.n, found.total.pcc) == (5, 5, 0, None)


def test_without_labels_of_words_there_is_no_figure():
    found = summarise([scored(str(i), None, 5.0) for i in range(4)])

    assert found.word.n_words == 4 and found.word.n_labelled == 0
    assert found.word.accuracy.pcc is None and found.word.accuracy.mse is None
    assert found.calibration.word.n == 0 and found.calibration.word.coverage is None


def test_the_intervals_of_words_are_checked():
    found = summarise([scored("a", 5, 5.5), scored("b", 5, 9.0), scored("c", None, 5.0)])

    assert (found.calibration.word.n, found.calibration.word.coverage) == (2, 0.5)


def test_a_failed_clip_counts_as_the_worst_word():
    answered = [scored("a", 2, 2.0), scored("b", 5, 5.0), scored("c", 9, 9.0)]
    found = word_agreement([*answered, scored("d", 3, None)])

    assert found.accuracy.n_unanswered == 1
    assert found.accuracy.mse == pytest.approx((10 - 3) ** 2 / 4)
    assert found.accuracy.pcc < 1


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1000), st.randoms(use_true_random=False))
def test_the_order_of_utterances_changes_no_figure_of_words(seed, order):
    rng = random.Random(seed)
    pairs = [scored(str(i), rng.randint(0, 10), rng.uniform(0, 10), f"s{i % 3}") for i in range(9)]
    shuffled = pairs.copy()
    order.shuffle(shuffled)
    first, second = word_agreement(pairs).accuracy, word_agreement(shuffled).accuracy

    assert (first.pcc, first.mse) == pytest.approx((second.pcc, second.mse))
    assert first.ci95 == pytest.approx(second.ci95)


def heard_freely(free, said=None, scores=(2, 0, 2)):
    utterance = make_utterance(phones="K AE1 T", phone_scores=scores, said=said)
    return align_to_canonical(judged_phones(Evaluated(utterance, None, free)), free)


def test_recognition_is_align_to_canonical_the_canonical_phones():
    """K AE T, of which AE was said wrongly; heard K AH D S: AE is found, T wrongly flagged, S flags none."""
    found = detect(heard_freely(("K", "AH", "D", "S"), said={1: "AH"}))

    assert (found.true_positives, found.false_positives, found.true_accepts) == (1, 1, 1)
    assert (found.precision, found.recall, found.far, found.frr, found.der) == (0.5, 1, 0, 0.5, 0)


def test_a_phone_that_is_not_heard_is_flagged_as_left_out():
    judged = heard_freely(("K", "T"), said={1: "<DEL>"})

    assert [phone.predicted.heard for phone in judged] == ["K", None, "T"]
    assert detect(judged).der == 0


def test_recognition_that_failed_finds_nothing():
    found = detect(heard_freely(None))

    assert (found.n_unanswered, found.false_negatives, found.true_accepts) == (3, 1, 0)


def test_the_intervals_of_detection_hold_its_figures():
    rng = random.Random(1)
    pairs = []
    for i in range(40):
        scores = [rng.choice((0.0, 2.0)) for _ in range(3)]
        utterance = make_utterance(id=str(i), phone_scores=scores, said={}, speaker=f"s{i % 8}")
        heard = {k: "D" for k in range(3) if rng.random() < 0.5}
        pairs.append(Evaluated(utterance, make_assessment(utterance, heard=heard), ("K", "D", "T")))
    mdd = summarise(pairs).mdd

    for name in ("precision", "recall", "far", "frr", "per_with_text"):
        low, high = getattr(mdd.ci95, name)
        assert low < getattr(mdd, name) < high, name
    assert mdd.ci95.der is None and mdd.der is None
