"""An expected total that follows from the other expected scores, with a distribution that fits it."""

import numpy as np
import pytest

from enunciate.speech_lm.decoding.combined_total import combine_totals
from enunciate.speech_lm.decoding.combined_total import moved as moved_together

NUMBERS = np.arange(11.0)


def around(place, width=1.0):
    shares = np.exp(-0.5 * ((NUMBERS - place) / width) ** 2)
    return shares / shares.sum()


def moved(distribution, expectation):
    """Move one distribution, beside another that must not matter."""
    found = moved_together(np.stack([distribution, around(2)]), np.array([expectation, 6.0]))
    assert found[1] @ NUMBERS == pytest.approx(6)
    return found[0]


GIVEN = {"accuracy": around(8), "fluency": around(7), "prosodic": around(6), "total": around(3)}


def test_the_total_is_the_weighted_sum_of_the_other_expectations():
    expected = {aspect: float(one @ NUMBERS) for aspect, one in GIVEN.items()}
    combined, again = combine_totals([GIVEN, GIVEN], (0.7, 0.1, 0.2, -0.5))

    wanted = 0.7 * expected["accuracy"] + 0.1 * expected["fluency"] + 0.2 * expected["prosodic"] - 0.5
    assert combined["total"] @ NUMBERS == pytest.approx(wanted, abs=1e-9)
    assert combined["total"].sum() == pytest.approx(1)
    for aspect in ("accuracy", "fluency", "prosodic"):
        assert combined[aspect] is GIVEN[aspect]
    np.testing.assert_array_equal(again["total"], combined["total"])


def test_without_weights_the_total_is_the_models_own():
    assert combine_totals([GIVEN], None) == [GIVEN]
    assert combine_totals([], (1, 0, 0, 0)) == []


def test_a_distribution_that_has_the_expectation_already_stays():
    own = around(5, 2)
    np.testing.assert_allclose(moved(own, float(own @ NUMBERS)), own, atol=1e-8)


@pytest.mark.parametrize("expectation", [-3, 0, 0.2, 5, 9.9, 14])
def test_every_expectation_is_reached_also_from_a_single_number(expectation):
    found = moved(np.eye(11)[4], expectation)

    assert found @ NUMBERS == pytest.approx(np.clip(expectation, 0.01, 9.99), abs=1e-6)
    assert (found >= 0).all()


def test_of_two_distributions_with_the_expectation_it_is_the_nearer_one():
    own, wanted = around(3), 4.0
    found = moved(own, wanted)
    shift = around(4)  # another one with that expectation
    distance = [float((one * np.log(one / own)).sum()) for one in (found, shift)]

    assert distance[0] <= distance[1] + 1e-9
