"""Decoding without a text: greedy, beam search and the phone model."""

import itertools

import numpy as np
import pytest

from enunciate.pocket.ctc import (
    STEP,
    BeamOptions,
    beam_search,
    greedy,
    load_phone_model,
    save_phone_model,
    train_phone_model,
)
from enunciate.pocket.symbols import BLANK, N_CLASSES

TINY = [[5, 7, 9], [5, 7, 9], [5, 7, 3]]
BARE = BeamOptions(width=400, log_prob_threshold=-50.0, model_weight=0.0, insertion_bonus=0.0)


@pytest.fixture(scope="module")
def model():
    return train_phone_model(TINY)


def posteriors(rows):
    """(F, 40) log-probabilities out of `{class: probability}` rows; the rest is shared by the others."""
    table = np.empty((len(rows), N_CLASSES))
    for frame, row in zip(table, rows, strict=True):
        frame[:] = max(1 - sum(row.values()), 1e-9) / (N_CLASSES - len(row))
        frame[list(row)] = list(row.values())
    return np.log(table).astype(np.float32)


@pytest.mark.parametrize(
    ("frames", "phones"),
    [
        ([0, 0, 0], []),
        ([5, 5, 5], [5]),
        ([0, 5, 0, 5, 5, 7], [5, 5, 7]),
        ([7, 5, 0], [7, 5]),
    ],
)
def test_repeats_merge_and_blanks_drop(frames, phones, model):
    sure = posteriors([{label: 0.99} for label in frames])

    assert greedy(sure) == phones
    assert beam_search(sure, model, BARE) == phones


def labelling_probabilities(log_probs, classes):
    """Sum the probability of every path over `classes` by what it reads as."""
    sums = {}
    for path in itertools.product(classes, repeat=len(log_probs)):
        labels = tuple(label for label, _ in itertools.groupby(path) if label != BLANK)
        probability = np.exp(sum(float(frame[label]) for frame, label in zip(log_probs, path, strict=True)))
        sums[labels] = sums.get(labels, 0.0) + probability
    return sums


@pytest.mark.parametrize(
    "seed", [0, 1, 2, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 10))]
)
def test_a_wide_beam_finds_the_likeliest_labelling(seed, model):
    rng = np.random.default_rng(seed)
    classes = (BLANK, 3, 5, 7)
    rows = [dict(zip(classes, rng.dirichlet(np.ones(4)), strict=True)) for _ in range(5)]
    log_probs = posteriors(rows)
    sums = labelling_probabilities(log_probs, classes)

    found = beam_search(log_probs, model, BARE)
    assert sums[tuple(found)] == pytest.approx(max(sums.values()), rel=1e-6)


def test_sums_over_paths_can_beat_the_best_path(model):
    """The classical case: blank is the likeliest class of each frame, and yet a phone was probably said."""
    log_probs = posteriors([{BLANK: 0.6, 5: 0.4 - 1e-6}] * 2)

    assert greedy(log_probs) == []
    assert beam_search(log_probs, model, BARE) == [5]


def test_rows_of_the_phone_model_sum_to_one(model):
    probability = np.exp(-STEP * model.astype(np.float64))

    sums = probability[..., 1:].sum(axis=-1)
    assert abs(sums - 1).max() < STEP / 2 + 0.01
    assert probability[0, 0, 0, 5] > 0.5, "every sequence began with it"
    assert probability[0, 5, 7, 9] > probability[0, 5, 7, 3] > probability[0, 5, 7, 20]


def test_the_phone_model_decides_what_the_sound_leaves_open(model):
    open_end = posteriors([{5: 0.98}, {7: 0.98}, {9: 0.45, 20: 0.5}])

    assert beam_search(open_end, model, BARE) == [5, 7, 20]
    assert beam_search(open_end, model, BARE.model_copy(update={"model_weight": 0.45})) == [5, 7, 9]


def test_the_phone_model_looks_at_the_phones_before():
    """Everywhere else 20 is the likelier phone by far."""
    model = train_phone_model([[5, 7, 9], [5, 7, 9], *[[20, 20, 20, 20]] * 10])
    options = BARE.model_copy(update={"model_weight": 0.45})

    after_its_own = posteriors([{5: 0.98}, {7: 0.98}, {9: 0.48, 20: 0.48}])
    assert beam_search(after_its_own, model, options) == [5, 7, 9]
    assert beam_search(posteriors([{9: 0.48, 20: 0.48}]), model, options) == [20]


def test_an_insertion_bonus_lengthens_the_result(model):
    unsure = posteriors([{BLANK: 0.7, 5: 0.25}])

    assert beam_search(unsure, model, BARE) == []
    assert beam_search(unsure, model, BARE.model_copy(update={"insertion_bonus": 3.0})) == [5]


def test_a_stored_phone_model_is_the_same(model, tmp_path):
    save_phone_model(model, tmp_path / "phones.npz")

    np.testing.assert_array_equal(load_phone_model(tmp_path / "phones.npz"), model)
    assert model.dtype == np.uint8
