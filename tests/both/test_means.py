"""How the scores of two engines become one, and what becomes of the intervals."""

import pytest
from support.both_cases import phrase, scores

from enunciate.both.means import FADES_FROM, FADES_TO, HeardPhrase, difference, shifted, shifts_of_whole
from enunciate.schema import ASPECTS, Score


def test_a_phrase_has_the_weighted_means():
    mean = HeardPhrase(phrase(0, 0, 1, value=6), scores(8)).mean(0.25)

    assert [getattr(mean, aspect).value for aspect in ASPECTS] == [6.5] * 4


def test_an_interval_moves_with_its_score_and_keeps_its_width():
    assert shifted(Score(value=6, low=4.5, high=7), 0.5) == Score(value=6.5, low=5, high=7.5)


def test_no_interval_leaves_the_scale():
    assert shifted(Score(value=9, low=8, high=9.9), 0.5) == Score(value=9.5, low=8.5, high=10)
    assert shifted(Score(value=1, low=0.2, high=2), -0.5) == Score(value=0.5, low=0, high=1.5)


def test_a_mean_claims_no_distribution():
    certain = (0.0,) * 6 + (1.0,) + (0.0,) * 4
    mean = shifted(Score(value=6, low=6, high=6, most_likely=6, distribution=certain), 0.5)

    assert mean.most_likely is None and mean.distribution is None


@pytest.mark.parametrize("second", [{}, dict.fromkeys(ASPECTS)])
def test_without_a_second_score_the_first_stands(second):
    heard = HeardPhrase(phrase(0, 0, 1, value=6), second)

    assert not heard.is_scored_twice
    assert [getattr(heard.mean(0.4), aspect).value for aspect in ASPECTS] == [6] * 4


def point(value):
    return Score(value=value, low=value, high=value)


def test_at_the_top_of_the_scale_the_second_lowers_nothing():
    halfway = (FADES_FROM + FADES_TO) / 2

    assert difference(point(FADES_FROM), point(8)) == pytest.approx(8 - FADES_FROM)
    assert difference(point(halfway), point(8)) == pytest.approx((8 - halfway) / 2)
    assert difference(point(FADES_TO), point(8)) == difference(point(9.8), point(8)) == 0
    assert difference(point(9.5), point(10)) == 0.5


def test_a_better_first_score_is_never_a_worse_mean():
    firsts = [value / 20 for value in range(201)]
    for second in (0, 5, 8, 10):
        means = [first + 0.7 * difference(point(first), point(second)) for first in firsts]
        assert means == sorted(means)


def test_aspects_are_averaged_each_for_itself():
    second = scores(9) | {"fluency": None}
    mean = HeardPhrase(phrase(0, 0, 1, value=6), second).mean(0.5)

    assert (mean.accuracy.value, mean.fluency.value) == (7.5, 6)


def test_phrases_count_by_their_phones():
    phrases = [
        HeardPhrase(phrase(0, 0, 1, value=6, n_phones=3), scores(8)),
        HeardPhrase(phrase(1, 1, 2, value=5, n_phones=9), scores(4)),
    ]

    assert shifts_of_whole(phrases, 0.5) == dict.fromkeys(ASPECTS, 0.5 * (3 * 2 - 9 * 1) / 12)


def test_nothing_heard_moves_nothing():
    assert shifts_of_whole([], 0.5) == dict.fromkeys(ASPECTS, 0)
