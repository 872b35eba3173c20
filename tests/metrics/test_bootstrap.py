"""Intervals by bootstrap over speakers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enunciate.metrics.bootstrap import (
    difference_interval,
    pcc_interval,
    ratio_of_sums,
    speaker_interval,
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


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000))
def test_fast_and_general_path_agree(seed: int) -> None:
    human, predicted, speakers = simulate(seed, n_speakers=5, per_speaker=3)
    slow = speaker_interval(lambda i: pearson(human[i], predicted[i]), speakers, n=50, seed=seed)
    assert pcc_interval(human, predicted, speakers, n=50, seed=seed) == pytest.approx(slow)


@settings(max_examples=50, deadline=None)
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


def test_speakers_are_drawn_whole() -> None:
    seen: list[np.ndarray] = []
    speakers = ["b", "a", "b", "c", "a", "b"]

    def record(indices: np.ndarray) -> float:
        seen.append(indices)
        return 0.0

    assert speaker_interval(record, speakers, n=40) == (0.0, 0.0)
    for indices in seen:
        times = np.bincount(indices, minlength=6)
        assert times[0] == times[2] == times[5]
        assert times[1] == times[4]
        assert times[0] + times[1] + times[3] == 3
    assert len({tuple(np.sort(indices)) for indices in seen}) > 5


def test_paired_difference_is_narrower_than_either() -> None:
    human, predicted, speakers = simulate(3, noise=1.5)
    slightly_worse = predicted + np.random.default_rng(1).normal(size=len(human)) * 0.3

    def first(i: np.ndarray) -> float | None:
        return pearson(human[i], predicted[i])

    def second(i: np.ndarray) -> float | None:
        return pearson(human[i], slightly_worse[i])

    alone = speaker_interval(first, speakers, n=300)
    difference = difference_interval(first, second, speakers, n=300)
    assert alone is not None
    assert difference is not None
    assert difference[1] - difference[0] < (alone[1] - alone[0]) / 2
    assert difference_interval(first, first, speakers, n=50) == (0, 0)


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
    assert speaker_interval(lambda _: None, speakers, n=10) is None


def test_resamples_without_a_value_are_left_out_unless_they_are_most() -> None:
    # A quarter of the resamples draw only "b", whose ratio is 0 / 0.
    rows = np.array([[3.0, 4.0], [0.0, 0.0]])
    assert sums_interval(ratio_of_sums, rows, ["a", "b"]) == (0.75, 0.75)

    def all_three(indices: np.ndarray) -> float | None:
        return 1.0 if len(np.unique(indices)) == 3 else None

    assert speaker_interval(all_three, ["a", "b", "c"]) is None  # 6 of 27 resamples


def test_a_resample_of_equal_scores_has_no_correlation() -> None:
    # Speaker "a" alone has one score, which no double holds exactly: rounding must not pass for spread.
    rng = np.random.default_rng(0)
    human = np.append(np.full(7, 0.1), rng.integers(0, 10, 7) / 10)
    predicted = rng.integers(0, 10, 14) / 10
    speakers = ["a"] * 7 + ["b"] * 7

    def statistic(i: np.ndarray) -> float | None:
        return pearson(human[i], predicted[i])

    assert pcc_interval(human, predicted, speakers) == pytest.approx(speaker_interval(statistic, speakers))
