"""Threshold and intervals from predictions for held-out clips, and the metrics of the same predictions."""

from dataclasses import replace

import numpy as np
import pytest
from support.bank_cases import make_labels

from enunciate.pocket.training.calibrate import calibrate, whole_scores
from enunciate.pocket.training.measure import best_f1, measure, middles
from enunciate.pocket.training.predictions import (
    ClipPrediction,
    load_predictions,
    save_predictions,
)
from enunciate.schema import ASPECTS

N_CLIPS = 400


@pytest.fixture(scope="module")
def cases():
    """Clips whose predictions are off by a noise of 0.5 (utterances) and of 0.1 (phones)."""
    rng = np.random.default_rng(1)
    clips, predictions = [], []
    for number in range(N_CLIPS):
        phones = rng.choice([0.0, 1.0, 2.0], 6)
        whole = rng.uniform(2, 9, 4)
        clip = make_labels(
            f"c{number}",
            phone_low=phones.tolist(),
            phone_high=phones.tolist(),
            low=(whole - 0.5).tolist(),
            high=(whole + 0.5).tolist(),
        )
        clips.append(clip)
        wrong = np.where(phones < 0.5, rng.uniform(0.6, 0.9, 6), rng.uniform(0.0, 0.5, 6))
        predicted = whole + rng.normal(0, 0.5, 4)
        arrays = [phones + rng.normal(0, 0.1, 6), wrong, np.array([9.0, 4.0, 5.0]), predicted, predicted]
        floats = [a.astype(np.float32) for a in arrays]
        times = np.arange(6, dtype=np.float32)
        predictions.append(ClipPrediction(clip.id, *floats, tuple(clip.classes), times, times + 1))
    return clips, predictions


def test_the_threshold_parts_right_phones_from_wrong_ones(cases):
    assert 0.5 < calibrate(*cases).threshold < 0.65


def test_intervals_hold_nine_in_ten_human_scores(cases):
    clips, predictions = cases
    calibration = calibrate(clips, predictions)

    for k, aspect in enumerate(ASPECTS):
        pairs = [
            (calibration.utterance[aspect].at(float(p.whole[k])), whole_scores(c)[k])
            for c, p in zip(clips, predictions, strict=True)
        ]
        inside = [low <= human <= high for (low, high), human in pairs]
        assert 0.85 <= np.mean(inside) <= 1
        assert np.mean([high - low for (low, high), _ in pairs]) < 4


def test_scores_are_put_on_the_scale_of_people_before_their_intervals_are_drawn(cases):
    clips, predictions = cases
    low = [replace(one, whole=one.whole - 1, free=one.free - 2) for one in predictions]
    before, after = calibrate(clips, predictions), calibrate(clips, low)

    for with_reference, lost in ((True, 1.0), (False, 2.0)):
        value = after.rescaled(np.full(4, 6.0 - lost), with_reference=with_reference)
        np.testing.assert_allclose(
            value, before.rescaled(np.full(4, 6.0), with_reference=with_reference), atol=0.02
        )
    assert after.utterance["total"].at(6.0) == pytest.approx(before.utterance["total"].at(6.0), abs=0.05)


def test_native_voices_raise_the_top_of_the_scale(cases):
    clips, predictions = cases
    native = [replace(one, whole=np.full(4, 9.2, np.float32)) for one in predictions[:20]]
    value = calibrate(clips, predictions, native).rescaled(np.full(4, 9.2), with_reference=True)

    assert (value > calibrate(clips, predictions).rescaled(np.full(4, 9.2), with_reference=True)).all()


def test_the_interval_of_a_word_holds_most_of_what_its_bin_holds(cases):
    word = calibrate(*cases).word

    assert word.at(9.0) == pytest.approx((8.6, 10))
    assert word.at(4.0) == pytest.approx((2.65, 5.35))


def test_the_worst_clips_stand_in_for_mismatched_ones(cases):
    levels = calibrate(*cases).mismatch

    assert all(level.low <= level.value <= level.high < 8 for level in levels.values())


def test_metrics_compare_with_the_middles_of_ranges(cases):
    metrics = measure(cases[1], cases[0])

    assert metrics["total"] > 0.9 and metrics["total_without_reference"] == metrics["total"]
    assert metrics["phone"] > 0.98 and metrics["f1"] == 1
    assert metrics["per_without_reference"] == 0
    assert metrics["word"] == pytest.approx(1), "the third word is not known"


def test_an_unknown_score_has_no_middle():
    np.testing.assert_array_equal(middles([3, -1], [5, -1]), [4, np.nan])


def test_fluency_in_its_lowest_bin_is_at_its_upper_end():
    clip = make_labels("x", low=[3, 0, 0, -1], high=[3, 4, 2, -1])

    np.testing.assert_array_equal(whole_scores(clip), [3, 3.9, 1, np.nan])


def test_the_best_f1_is_found_with_its_threshold():
    assert best_f1(np.array([0.9, 0.2, 0.7, 0.4]), np.array([True, False, True, False])) == (1.0, 0.7)


def test_saved_predictions_are_read_back(cases, tmp_path):
    save_predictions(cases[1], tmp_path / "predictions.npz")
    read = load_predictions(tmp_path / "predictions.npz")

    assert [one.id for one in read] == [one.id for one in cases[1]]
    for first, second in zip(cases[1], read, strict=True):
        assert first.heard == second.heard
        for name in ("phone", "wrong", "word", "whole", "free", "start", "end"):
            np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
