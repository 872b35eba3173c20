"""Thresholds and intervals, against brute force and fresh draws."""

from dataclasses import dataclass

import numpy as np
import pytest

from enunciate.pocket.calibration import (
    COVERAGE,
    IntervalTable,
    best_threshold,
    interval,
    intervals_by_aspect,
    mismatch_levels,
)
from enunciate.schema import ASPECTS


def f1_at(threshold, wrong, probability):
    flagged = probability >= threshold
    return 2 * (flagged & wrong).sum() / max(flagged.sum() + wrong.sum(), 1)


@pytest.mark.parametrize("seed", range(8))
def test_no_threshold_has_a_greater_f1(seed):
    rng = np.random.default_rng(seed)
    wrong = rng.random(300) < 0.1
    probability = np.clip(0.3 * wrong + rng.normal(0.3, 0.2, 300), 0, 1)

    found = best_threshold(wrong, probability)
    best = max(f1_at(threshold, wrong, probability) for threshold in probability)
    assert f1_at(found, wrong, probability) == pytest.approx(best)


def draw(n, seed):
    """Human scores that scatter more where the prediction is low."""
    rng = np.random.default_rng(seed)
    predicted = rng.uniform(3, 9, n)
    return predicted, np.clip(predicted + rng.normal(size=n) * (10 - predicted) / 3, 0, 10)


def test_intervals_cover_fresh_draws():
    table = interval(*draw(4_000, 0), 10.0)
    predicted, human = draw(4_000, 1)
    ends = np.array([table.at(value) for value in predicted])
    inside = (ends[:, 0] <= human) & (human <= ends[:, 1])

    assert inside.mean() == pytest.approx(COVERAGE, abs=0.03)
    for low in (3, 5, 7):
        part = (predicted >= low) & (predicted < low + 2)
        assert inside[part].mean() == pytest.approx(COVERAGE, abs=0.05)


def test_intervals_are_wide_where_people_disagree():
    table = interval(*draw(4_000, 0), 10.0)
    widths = [np.diff(table.at(value))[0] for value in (4.0, 6.0, 8.5)]

    assert widths[0] > widths[1] > widths[2]


@pytest.mark.parametrize("value", [-5.0, 0.0, 2.9, 5.0, 9.99, 10.0, 40.0])
def test_an_interval_holds_the_prediction(value):
    low, high = interval(*draw(200, 0), 10.0).at(value)

    assert low <= value <= high


def test_the_interval_of_a_reading_better_than_those_scored_does_not_end_at_its_score():
    table = IntervalTable(knots=(5.0, 8.6), low=(3.0, 8.0), high=(8.0, 9.0))

    assert table.at(8.6) == (8.0, 9.0)
    assert table.at(9.4) == (8.0, pytest.approx(9.8))
    assert table.at(9.8) == (8.0, 10.0)
    assert IntervalTable(knots=(1.9,), low=(1.8,), high=(2.0,)).at(1.95, top=2.0) == (1.8, 2.0)


def test_tables_stay_on_the_scale():
    predicted, human = draw(500, 2)
    table = interval(predicted, human, 10.0)

    assert all(0 <= low <= high <= 10 for low, high in zip(table.low, table.high, strict=True))
    assert list(table.knots) == sorted(table.knots)


@dataclass(frozen=True)
class Labelled:
    scores: np.ndarray
    mismatched: bool = False


def labelled(seed, n=60):
    means = np.random.default_rng(seed).uniform(3, 9, n)
    return [Labelled(np.full(4, mean, dtype=np.float32)) for mean in means]


def test_scores_that_nobody_gave_have_no_part_in_a_table():
    predicted, human = (np.stack([values] * 4, axis=1) for values in draw(200, 3))
    unknown = human.copy()
    unknown[::2, 1] = np.nan

    tables, others = intervals_by_aspect(predicted, human), intervals_by_aspect(predicted, unknown)

    assert tables["accuracy"] == others["accuracy"]
    assert others["fluency"] == interval(predicted[1::2, 1], human[1::2, 1], 10.0)


def test_levels_of_clips_that_say_something_else():
    clips = labelled(0)
    given = {3: 1.0, 9: 2.0, 20: 6.0}
    for index, score in given.items():
        clips[index] = Labelled(np.full(4, score, dtype=np.float32), mismatched=True)

    for level in mismatch_levels(clips).values():
        assert (level.low, level.value, level.high) == (1.0, 3.0, 6.0)


def test_without_such_clips_the_worst_stand_for_them():
    clips = labelled(0)
    worst = min(float(clip.scores.mean()) for clip in clips)

    assert set(mismatch_levels(clips)) == set(ASPECTS)
    assert mismatch_levels(clips)["total"].value == pytest.approx(worst)
