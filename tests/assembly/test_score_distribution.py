"""A distribution over the scores becomes a score with a sound interval."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enunciate.assembly.score_distribution import score_from_distribution


def test_the_ends_of_the_interval_are_the_5_and_95_percent_points() -> None:
    shares = [0.04, 0.01, 0.05, 0.0, 0.1, 0.3, 0.3, 0.1, 0.05, 0.03, 0.02]
    found = score_from_distribution(shares)
    assert (found.low, found.high) == (1, 8)
    assert found.value == pytest.approx(float(np.dot(shares, range(11))))


@given(st.lists(st.floats(0, 1), min_size=11, max_size=11).filter(lambda shares: sum(shares) > 1e-3))
def test_every_distribution_gives_a_sound_score(shares: list[float]) -> None:
    found = score_from_distribution(shares)
    assert 0 <= found.low <= found.value <= found.high <= 10
    assert found.distribution is not None
    assert sum(found.distribution) == pytest.approx(1)
