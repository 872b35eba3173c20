"""Intervals by bootstrap over speakers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.plain_bootstrap import difference_interval, speaker_interval

from enunciate.metrics.bootstrap import (
    draw_speakers,
    pcc_interval,
    pcc_of_sums,
    pcc_rows,
    ratio_of_sums,
    sums_difference_interval,
    sums_interval,
)
from enunciate.metrics.correlation import pearson


def simulate(seed: int, n_speakers: int = 30, per_speaker: int = 5, noise: float = 1.0):
    """Scores with a speaker's share in both the human and the predicted one."""
    rng = np.random.default_rng(seed)
    speakers = np.repeat([f"s{i}" for i in range(n_speakers)], per_speaker)
    human = np.repeat(rng.normal(size=n_speakers), per_speaker) + 0.3 * rng.normal(size=len(speakers))
    common = noise * np.repeat(rng.normal(size=n_speakers), per_speaker)
    return human, human + common, speakers.tolist()


@settings(max_examples=20)
@given(st.integers(0, 1000))
def test_intervals_from_sums_are_those_of_the_definition(seed: int) -> None:
    human, predicted, speakers = simulate(seed, n_speakers=5, per_speaker=3)
    slow = speaker_interval(lambda i: pearson(human[i], predicted[i]), speakers, n=50, seed=seed)
    assert pcc_interval(human, predicted, speakers, n=50, seed=seed) == pytest.approx(slow)


@settings(max_examples=50)
@given(st.integers(0, 10_000))
def test_interval_contains_the_estimate(seed: int) -> None:
    human, predicted, speakers = simulate(seed)
    interval = pcc_interval(human, predicted, speakers)
    estimate = pearson(human, predicted)
    assert interval is not None
    assert estimate is not None
    assert interval[0] < estimate < interval[1]


def test_intervals_of_means_cover_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    speakers = np.repeat(np.arange(40), 4).astype(str).tolist()
    covered = 0
    for trial in range(300):
        values = np.repeat(rng.normal(size=40), 4) + rng.normal(size=160)
        rows = np.stack([values, np.ones(160)], axis=1)
        interval = sums_interval(ratio_of_sums, rows, speakers, n=400, seed=trial)
        assert interval is not None
        covered += interval[0] <= 0 <= interval[1]
    # Drawing clips instead of speakers would cover about 79%.
    assert 0.90 <= covered / 300 <= 0.98


def test_each_resample_draws_as_many_speakers_as_there_are_with_replacement() -> None:
    times = draw_speakers(3, n=400, seed=0)
    assert (times.sum(axis=1) == 3).all()
    # Three draws from three: all different in 6 of 27 cases, all alike in 3 of 27.
    assert np.mean((times == 1).all(axis=1)) == pytest.approx(6 / 27, abs=0.06)
    assert np.mean((times == 3).any(axis=1)) == pytest.approx(3 / 27, abs=0.05)


def test_the_items_of_a_speaker_are_drawn_together() -> None:
    """With two speakers a mean over items is that of the one, of the other, or of all items."""
    rows = np.array([[0.0, 1.0], [3.0, 1.0], [0.0, 1.0]])
    seen: set[float] = set()

    def record(sums: np.ndarray) -> np.ndarray:
        seen.update(np.round(sums[:, 0] / sums[:, 1], 6))
        return ratio_of_sums(sums)

    sums_interval(record, rows, ["a", "b", "a"], n=50)
    assert seen == {0.0, 3.0, 1.0}


def test_a_paired_difference_is_narrower_than_either_interval() -> None:
    human, predicted, speakers = simulate(3, noise=1.5)
    slightly_worse = predicted + np.random.default_rng(1).normal(size=len(human)) * 0.3
    first, second = pcc_rows(human, predicted), pcc_rows(human, slightly_worse)

    alone = sums_interval(pcc_of_sums, first, speakers, n=300)
    difference = sums_difference_interval(pcc_of_sums, first, second, speakers, n=300)
    assert alone is not None
    assert difference is not None
    assert difference[1] - difference[0] < (alone[1] - alone[0]) / 2
    assert sums_difference_interval(pcc_of_sums, first, first, speakers, n=50) == pytest.approx(
        (0, 0), abs=1e-12
    )
    expected = difference_interval(
        lambda i: pearson(human[i], predicted[i]),
        lambda i: pearson(human[i], slightly_worse[i]),
        speakers,
        n=300,
    )
    assert difference == pytest.approx(expected)


def test_the_seed_decides_and_the_order_does_not() -> None:
    human, predicted, speakers = simulate(5)
    interval = pcc_interval(human, predicted, speakers, seed=1)
    assert pcc_interval(human, predicted, speakers, seed=1) == interval
    assert pcc_interval(human, predicted, speakers, seed=2) != interval
    order = np.random.default_rng(0).permutation(len(human))
    shuffled = pcc_interval(human[order], predicted[order], [speakers[i] for i in order], seed=1)
    assert shuffled == pytest.approx(interval)


def test_no_interval_where_nothing_can_be_said() -> None:
    human, predicted, speakers = simulate(0)
    assert pcc_interval(human, predicted, ["one"] * len(speakers)) is None
    assert pcc_interval(human, np.full(len(human), 0.1), speakers) is None
    assert pcc_interval(np.empty(0), np.empty(0), []) is None


def test_resamples_without_a_value_are_left_out_unless_they_are_most() -> None:
    # A quarter of the resamples draw only "b", whose ratio is 0 / 0.
    rows = np.array([[3.0, 4.0], [0.0, 0.0]])
    assert sums_interval(ratio_of_sums, rows, ["a", "b"]) == (0.75, 0.75)

    def all_three(sums: np.ndarray) -> np.ndarray:
        return np.where((sums == 1).all(axis=1), 1.0, np.nan)

    assert sums_interval(all_three, np.eye(3), ["a", "b", "c"]) is None, "6 of 27 resamples draw all three"


def test_a_resample_of_equal_scores_has_no_correlation() -> None:
    # Speaker "a" alone has one score, which no double holds exactly: rounding must not pass for spread.
    rng = np.random.default_rng(0)
    human = np.append(np.full(7, 0.1), rng.integers(0, 10, 7) / 10)
    predicted = rng.integers(0, 10, 14) / 10
    speakers = ["a"] * 7 + ["b"] * 7

    def statistic(i: np.ndarray) -> float | None:
        return pearson(human[i], predicted[i])

    assert pcc_interval(human, predicted, speakers) == pytest.approx(speaker_interval(statistic, speakers))
