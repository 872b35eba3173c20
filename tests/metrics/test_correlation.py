"""Correlation and coverage: by hand, against SciPy and published values, and with failures."""

import sys

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from enunciate.errors import MissingExtraError
from enunciate.metrics.correlation import correlation, pair_answers, pearson, rank_answers
from enunciate.metrics.interval_coverage import coverage
from enunciate.schema import Score

SCORES = st.lists(
    st.tuples(st.integers(0, 10), st.integers(0, 100).map(lambda tenths: tenths / 10)),
    min_size=3,
    max_size=30,
)


def test_the_correlation_is_that_worked_out_by_hand() -> None:
    # Deviations (-1, 0, 1) and (-1, 1, 0): covariance 1, variances 2 and 2; errors 0, 1, 1.
    result = correlation([1, 2, 3], [1, 3, 2])
    assert result.pcc == pytest.approx(0.5)
    assert result.mse == pytest.approx(2 / 3)
    # t = 0.5 / sqrt(0.75) with one degree of freedom, where t is Cauchy's: p = 1 - 2/pi * atan(t) = 2/3.
    assert result.p_value == pytest.approx(2 / 3)
    assert (result.n, result.n_unanswered) == (3, 0)


ANSCOMBE_X = (10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5)
ANSCOMBE = (
    (ANSCOMBE_X, (8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68), 0.81642),
    (ANSCOMBE_X, (9.14, 8.14, 8.74, 8.77, 9.26, 8.10, 6.13, 3.10, 9.13, 7.26, 4.74), 0.81624),
    (ANSCOMBE_X, (7.46, 6.77, 12.74, 7.11, 7.81, 8.84, 6.08, 5.39, 8.15, 6.42, 5.73), 0.81629),
    (
        (8,) * 7 + (19,) + (8,) * 3,
        (6.58, 5.76, 7.71, 8.84, 8.47, 7.04, 5.25, 12.50, 5.56, 7.91, 6.89),
        0.81652,
    ),
)
"""Anscombe's quartet (1973) and its published correlations."""


@pytest.mark.parametrize(("x", "y", "pcc"), ANSCOMBE)
def test_anscombes_quartet_has_its_published_correlations(
    x: tuple[float, ...], y: tuple[float, ...], pcc: float
) -> None:
    result = correlation(x, y, top=20)
    assert result.pcc == pytest.approx(pcc, abs=5e-6)
    assert result.p_value == pytest.approx(0.00217, abs=1e-5)


@given(SCORES)
def test_correlation_agrees_with_scipy(pairs: list[tuple[int, float]]) -> None:
    human, predicted = zip(*pairs, strict=True)
    assume(len(set(human)) > 1 and len(set(predicted)) > 1)
    expected = stats.pearsonr(human, predicted)
    result = correlation(human, predicted)
    assert result.pcc == pytest.approx(expected.statistic, abs=1e-9)
    assert result.p_value == pytest.approx(expected.pvalue, abs=1e-6)


def test_p_value_keeps_its_precision_when_tiny() -> None:
    rng = np.random.default_rng(1)
    human = rng.uniform(0, 10, 400)
    predicted = human / 2 + rng.normal(0, 0.8, 400) + 2.5
    expected = stats.pearsonr(human, predicted)
    assert expected.pvalue < 1e-100
    assert correlation(human.tolist(), predicted.tolist()).p_value == pytest.approx(expected.pvalue, rel=1e-6)


@given(SCORES, st.floats(0.01, 100), st.floats(-50, 50))
def test_affine_transforms_leave_the_correlation(
    pairs: list[tuple[int, float]], scale: float, shift: float
) -> None:
    human, predicted = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
    before = pearson(human, predicted)
    assume(before is not None)
    assert pearson(human, predicted * scale + shift) == pytest.approx(before, abs=1e-6)
    assert pearson(human, -predicted * scale + shift) == pytest.approx(-before, abs=1e-6)


def test_perfect_predictions_correlate_fully() -> None:
    result = correlation([3, 5, 9, 9], [3, 5, 9, 9])
    assert result.pcc == pytest.approx(1)
    assert result.p_value == pytest.approx(0, abs=1e-6)
    assert result.mse == 0


@pytest.mark.parametrize(
    ("human", "predicted", "mse"),
    [
        ([1, 2, 3], [5, 5, 5], 29 / 3),
        ([0.1 + 0.2, 0.3, 0.3], [1, 2, 3], None),
        ([1, 2], [1, 2], 0),
        ([], [], None),
    ],
)
def test_correlation_is_none_where_undefined(
    human: list[float], predicted: list[float], mse: float | None
) -> None:
    result = correlation(human, predicted)
    assert result.pcc is None
    assert result.p_value is None
    if mse is not None or not human:
        assert result.mse == (None if mse is None else pytest.approx(mse))


def test_unlabelled_items_are_left_out() -> None:
    assert correlation([1, None, 2, 3], [1, 9, 3, 2]) == correlation([1, 2, 3], [1, 3, 2])


def test_an_unanswered_item_counts_as_the_mean_and_costs_the_worst_error() -> None:
    result = correlation([1, 2, 3, 8], [1, 3, 2, None])
    # The filled-in 2 is the mean of 1, 3, 2; its error is max(8, 10 - 8) = 8.
    assert result.pcc == pytest.approx(stats.pearsonr([1, 2, 3, 8], [1, 3, 2, 2]).statistic)
    assert result.mse == pytest.approx((0 + 1 + 1 + 64) / 4)
    assert (result.n, result.n_unanswered) == (4, 1)


def test_filled_in_items_do_not_count_as_evidence() -> None:
    assert correlation([1, 2, 3, 4], [1, 2, None, None]).pcc is None
    result = correlation([1, 2, 3, 2], [1, 3, 2, None])
    # The same 0.5 as without the fourth, and still one degree of freedom (see the first test).
    assert result.pcc == pytest.approx(0.5)
    assert result.p_value == pytest.approx(2 / 3)


@given(SCORES, st.lists(st.integers(0, 10), min_size=1, max_size=10))
def test_failing_never_helps(pairs: list[tuple[int, float]], failed: list[int]) -> None:
    human, predicted = (list(column) for column in zip(*pairs, strict=True))
    without = correlation(human, predicted)
    assume(without.pcc is not None)
    result = correlation([*human, *failed], [*predicted, *([None] * len(failed))])
    assert result.pcc is not None
    assert abs(result.pcc) <= abs(without.pcc) + 1e-9


def test_missing_scipy_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.special", None)
    with pytest.raises(MissingExtraError, match=r"enunciate\[eval\]"):
        correlation([1, 2, 3], [1, 3, 2])


def test_the_coverage_is_that_worked_out_by_hand() -> None:
    scores = [Score(value=5, low=4, high=6), Score(value=5, low=3, high=7), Score(value=1, low=0, high=3)]
    result = coverage([6, 8, 0], scores)  # on the edge, outside, on the edge
    assert result.coverage == pytest.approx(2 / 3)
    assert result.mean_width == pytest.approx((2 + 4 + 3) / 3)
    assert (result.n, result.nominal) == (3, 0.9)


def test_coverage_leaves_out_what_has_no_label_or_no_interval() -> None:
    score = Score(value=5, low=4, high=6)
    assert coverage([9, None, 5], [score, score, None]).n == 1
    assert coverage([None], [score]).coverage is None


@given(st.lists(st.tuples(st.integers(0, 10), st.integers(0, 10)), min_size=3, max_size=30))
def test_the_correlation_of_ranks_is_spearmans(scores) -> None:
    human, predicted = (list(map(float, column)) for column in zip(*scores, strict=True))
    if len(set(human)) > 1 and len(set(predicted)) > 1:
        ranked = rank_answers(pair_answers(human, predicted))

        assert pearson(ranked.human, ranked.predicted) == pytest.approx(
            stats.spearmanr(human, predicted).statistic
        )


def test_a_missing_prediction_has_the_mean_rank() -> None:
    ranked = rank_answers(pair_answers([1, 2, 3, 4], [5, None, 9, 7]))

    assert ranked.predicted.tolist() == [1, 2, 3, 2]
