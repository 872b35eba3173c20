"""Tables of intervals from labels that are ranges, against whole scores that are known."""

import numpy as np
import pytest

from enunciate.pocket.calibration import COVERAGE
from enunciate.pocket.training.label_intervals import chances_of_scores, interval_of_ranges

N = 6_000
LOWEST = np.array([0, 0, 0, 0, 0, 5, 5, 7, 7, 9, 9], dtype=np.float64)
HIGHEST = np.array([4, 4, 4, 4, 4, 6, 6, 8, 8, 10, 10], dtype=np.float64)


def draw(seed, share_exact):
    """Predictions, whole scores, and their ranges, of which a share are exact."""
    rng = np.random.default_rng(seed)
    opinion = rng.normal(7.5, 1.5, N)
    score = np.clip(np.round(opinion), 0, 10)
    predicted = np.clip(opinion + rng.normal(0, 0.8, N), 0, 10)
    exact = rng.random(N) < share_exact
    low = np.where(exact, score, LOWEST[score.astype(int)])
    high = np.where(exact, score, HIGHEST[score.astype(int)])
    return predicted, score, low, high


def covered(table, predicted, score):
    low, high = np.array([table.at(value) for value in predicted]).T
    return float(np.mean((low <= score) & (score <= high)))


@pytest.mark.parametrize("share_exact", [1.0, 0.5, 0.1])
def test_intervals_cover_what_they_promise_of_whole_scores(share_exact):
    predicted, _, low, high = draw(0, share_exact)
    fresh, score, _, _ = draw(1, share_exact)
    table = interval_of_ranges(predicted, low, high)

    assert covered(table, fresh, score) == pytest.approx(COVERAGE, abs=0.04)


def test_the_middles_of_ranges_would_leave_scores_out():
    predicted, _, low, high = draw(0, 0.1)
    middle = (low + high) / 2
    upper = middle[np.abs(predicted - 9) < 0.3]

    assert np.quantile(upper, 0.95) == 9.5, "so nobody could give a 10"
    assert interval_of_ranges(predicted, low, high).at(9.5)[1] == 10


def test_one_exact_label_in_ten_tells_how_often_each_score_is_given():
    predicted, score, low, high = draw(0, 0.1)
    chances = chances_of_scores(predicted, low, high)
    hidden = low < high

    np.testing.assert_allclose(chances.sum(axis=1), 1)
    for whole in range(5, 11):
        given = np.mean(score[hidden] == whole)
        assert chances[hidden, whole].mean() == pytest.approx(given, abs=0.03)


def test_the_likelier_score_of_a_range_is_that_of_which_more_like_this_is_predicted():
    predicted, _, low, high = draw(0, 0.1)
    inside = np.flatnonzero((low == 7) & (high == 8))
    lowest, highest = inside[predicted[inside].argmin()], inside[predicted[inside].argmax()]
    chances = chances_of_scores(predicted, low, high)

    assert chances[lowest, 7] > 0.8 and chances[highest, 8] > 0.8
    assert chances[lowest, [7, 8]].sum() == pytest.approx(1)


def test_an_exact_label_is_its_score():
    scores = np.arange(11.0)

    np.testing.assert_allclose(chances_of_scores(scores[::-1], scores, scores), np.eye(11))


def test_an_estimate_is_one_of_the_two_scores_beside_it():
    low, high = np.array([7.05, 7.65]), np.array([7.35, 8.35])
    chances = chances_of_scores(np.array([3.0, 9.0]), low, high)

    np.testing.assert_allclose(chances[0, [7, 8]], [0.8, 0.2])
    np.testing.assert_allclose(chances[1, 8], 1)


def test_a_score_that_people_hardly_give_is_hardly_what_an_estimate_stands_for():
    exact = np.full(50, 9.0)
    low, high = np.append(exact, 9.15), np.append(exact, 9.85)

    assert chances_of_scores(np.append(exact, 9.0), low, high)[-1, 10] < 0.05


def test_far_predictions_leave_chances_finite():
    low = np.append(np.tile([3.0, 9.0], 30), 0.0)
    high = np.append(np.tile([3.0, 9.0], 30), 4.0)
    predicted = np.append(low[:-1], 10.0)

    chances = chances_of_scores(predicted, low, high)
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    assert chances[-1, 4] > 0.9


def test_where_nothing_is_known_any_score_is_possible():
    unknown = np.full(3, -1.0)

    assert interval_of_ranges(np.array([3.0, 5.0, 9.0]), unknown, unknown).at(5.0) == (0.0, 10.0)


def test_unknown_labels_have_no_part_in_a_table():
    predicted, _, low, high = draw(0, 0.5)
    more = [np.append(values, np.full(90, end)) for values, end in ((predicted, 2), (low, -1), (high, -1))]

    assert interval_of_ranges(*more) == interval_of_ranges(predicted, low, high)
