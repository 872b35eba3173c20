"""Thresholds and intervals, against brute force and fresh draws."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from enunciate.pocket.calibration import (
    COVERAGE,
    Calibration,
    best_threshold,
    calibrate,
    interval,
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


def test_tables_stay_on_the_scale():
    predicted, human = draw(500, 2)
    table = interval(predicted, human, 10.0)

    assert all(0 <= low <= high <= 10 for low, high in zip(table.low, table.high, strict=True))
    assert list(table.knots) == sorted(table.knots)


@dataclass(frozen=True)
class Labelled:
    phone_scores: np.ndarray
    scores: np.ndarray
    word: np.ndarray
    mismatched: bool = False


def labelled(seed, n=60):
    rng = np.random.default_rng(seed)
    clips, phone, wrong, utterance = [], [], [], []
    for _ in range(n):
        human = rng.choice([0.0, 1.0, 2.0], 6, p=[0.1, 0.2, 0.7])
        guess = np.clip(human + rng.normal(scale=0.3, size=6), 0, 2)
        scores = np.full(4, 5 * human.mean())
        clips.append(
            Labelled(human.astype(np.float32), scores.astype(np.float32), np.array([0, 0, 1, 1, 1, 2]))
        )
        phone.append(guess)
        wrong.append(1 / (1 + np.exp(8 * (guess - 0.5))))
        utterance.append(np.clip(scores + rng.normal(scale=1, size=4), 0, 10))
    return clips, phone, wrong, utterance


def test_all_of_it_survives_json():
    clips, phone, wrong, utterance = labelled(0)
    found = calibrate(clips, phone, wrong, utterance, utterance)

    assert Calibration.model_validate_json(found.model_dump_json()) == found
    assert set(found.utterance) == set(found.free) == set(ASPECTS)
    assert 0.1 < found.threshold < 0.9


def test_levels_of_clips_that_say_something_else():
    clips, *_ = labelled(0)
    given = {3: 1.0, 9: 2.0, 20: 6.0}
    for index, score in given.items():
        clips[index] = replace(clips[index], mismatched=True, scores=np.full(4, score, dtype=np.float32))

    for level in mismatch_levels(clips).values():
        assert (level.low, level.value, level.high) == (1.0, 3.0, 6.0)


def test_without_such_clips_the_worst_stand_for_them():
    clips, *_ = labelled(0)
    worst = min(float(clip.scores.mean()) for clip in clips)

    assert set(mismatch_levels(clips)) == set(ASPECTS)
    assert mismatch_levels(clips)["total"].value == pytest.approx(worst)


def test_unknown_labels_have_no_part():
    clips, phone, wrong, utterance = labelled(0)
    blank = Labelled(np.full(6, -1, dtype=np.float32), np.full(4, np.nan, dtype=np.float32), clips[0].word)
    found = calibrate(
        [*clips, blank],
        [*phone, np.zeros(6)],
        [*wrong, np.ones(6)],
        [*utterance, np.zeros(4)],
        [*utterance, np.zeros(4)],
    )

    assert found == calibrate(clips, phone, wrong, utterance, utterance)


def test_where_something_else_was_said_the_scores_are_those_that_people_gave_then():
    clips, phone, wrong, utterance = labelled(0)
    strange = replace(clips[0], scores=np.array([3, 0, 0, 1], dtype=np.float32), mismatched=True)
    found = calibrate([*clips[1:], strange], phone, wrong, utterance, utterance)

    assert {aspect: level.value for aspect, level in found.mismatch.items()} == dict(
        zip(ASPECTS, (3, 0, 0, 1), strict=True)
    )


def test_without_such_clips_they_are_those_of_the_worst():
    clips, phone, wrong, utterance = labelled(0)
    found = calibrate(clips, phone, wrong, utterance, utterance)

    assert found.mismatch["total"].value == min(clip.scores[3] for clip in clips)


def test_few_labels_or_none_give_a_table_all_the_same():
    few = interval(np.array([4.0, 6.0, 8.0]), np.array([3.0, 6.0, 9.0]), 10.0)
    assert few.at(4.0) == (3.0, 4.0)
    assert few.at(8.0) == (8.0, 9.0)
    assert interval(np.array([]), np.array([]), 10.0).at(5.0) == (0.0, 10.0)
