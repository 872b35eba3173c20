"""Soft targets of scores: a range is spread over its numbers, and a spread beyond it keeps the mean."""

import numpy as np
import pytest

from enunciate.corpus.label_completion import ScoreRange
from enunciate.speech_lm.training.score_targets import distribution, score_distributions

NUMBERS = np.arange(11)


def test_an_exact_score_is_certain():
    assert distribution(ScoreRange(7, 7), 0).tolist() == [0.0] * 7 + [1.0] + [0.0] * 3


def test_a_range_is_shared_by_its_numbers():
    assert distribution(ScoreRange(3, 6), 0)[3:7].tolist() == [0.25] * 4


def test_a_score_between_two_numbers_is_shared_by_them():
    assert distribution(ScoreRange(7.25, 7.25), 0)[7:9].tolist() == [0.75, 0.25]


@pytest.mark.parametrize("low", [0, 2.5, 5, 10])
@pytest.mark.parametrize("spread", [0.3, 1.0])
def test_a_spread_falls_off_with_the_distance(low, spread):
    chances = distribution(ScoreRange(low, low), spread)

    assert chances.sum() == pytest.approx(1)
    order = np.argsort(np.abs(NUMBERS - low), kind="stable")
    assert (np.diff(chances[order]) <= 1e-12).all()
    assert chances[order[0]] < 1


def test_aspects_without_a_range_have_their_score():
    scores = {"accuracy": 8.0, "fluency": 7.0, "prosodic": 6.0, "total": 5.0}
    targets = score_distributions(scores, {"fluency": ScoreRange(7, 8)}, 0)

    assert [int(np.argmax(row)) for row in targets] == [8, 7, 6, 5]
    assert targets[1][7:9] == (0.5, 0.5)
