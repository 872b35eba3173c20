"""The scale of utterance scores: rising, right on average, and open to native speakers at its top."""

import numpy as np
import pytest

from enunciate.pocket.score_scale import NATIVE_SCORE, Scale, anchored_scale, fit_scale

NOBODY = np.zeros(0)


@pytest.fixture(scope="module")
def learners():
    """Scorers that are half a point too low, in noise, for 2,000 readings between 3 and 9."""
    rng = np.random.default_rng(0)
    human = rng.uniform(3, 9, 2_000)
    return human - 0.5 + rng.normal(0, 0.3, len(human)), human


def test_scores_are_right_on_average_everywhere(learners):
    predicted, human = learners
    scale = fit_scale(predicted, human, NOBODY)
    said = np.array([scale.at(value) for value in predicted])
    for low in range(3, 8):
        inside = (predicted >= low) & (predicted < low + 1)
        assert abs((said - human)[inside].mean()) < 0.1
        assert (predicted - human)[inside].mean() < -0.4


def test_a_better_prediction_is_never_a_lower_score(learners):
    predicted, human = learners
    shuffled = np.random.default_rng(1).permutation(human)
    for scores in (human, shuffled):
        scale = fit_scale(predicted, scores, NOBODY)
        said = [scale.at(value) for value in np.linspace(0, 10, 101)]
        assert said == sorted(said)
        assert (said[0], said[-1]) == (0, 10)


def test_native_readings_reach_the_top_and_change_nothing_below(learners):
    predicted, human = learners
    native = np.random.default_rng(2).normal(8.9, 0.1, 40)
    before, after = fit_scale(predicted, human, NOBODY), fit_scale(predicted, human, native)
    assert after.at(8.9) == pytest.approx(NATIVE_SCORE, abs=0.15)
    assert before.at(8.9) < NATIVE_SCORE - 0.15
    assert after.at(6.0) == pytest.approx(before.at(6.0), abs=0.15)


def test_an_unknown_human_score_teaches_nothing(learners):
    predicted, human = learners
    some = human.copy()
    some[::2] = np.nan
    assert fit_scale(predicted, some, NOBODY) == fit_scale(predicted[1::2], human[1::2], NOBODY)


def test_without_any_reading_a_scale_changes_nothing():
    scale = fit_scale(NOBODY, NOBODY, NOBODY)
    assert scale == Scale(knots=(0, 10), values=(0, 10))
    assert scale.at(7.3) == pytest.approx(7.3)


def test_an_anchored_scale_stretches_the_top_alone():
    scale = anchored_scale(np.array([8.9, 9.0, 9.1]))
    assert scale.at(9.0) == pytest.approx(NATIVE_SCORE)
    assert 8.5 < scale.at(8.6) < 8.9
    for value in (0, 4.2, 8.5, 10):
        assert scale.at(value) == pytest.approx(value)


@pytest.mark.parametrize("typical", [8.0, 9.7])
def test_native_readings_that_do_not_stand_out_or_stand_high_anchor_nothing(typical):
    assert anchored_scale(np.full(3, typical)) == Scale(knots=(0, 10), values=(0, 10))
