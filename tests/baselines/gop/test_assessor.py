"""Goodness in its three forms and the regressions on it, against values worked by hand."""

import numpy as np
import pytest
from support.baseline_runs import alignment, still

from enunciate.baselines.gop.ctc_gop import ctc_gop
from enunciate.baselines.gop.goodness import goodness
from enunciate.baselines.gop.regression import OUTLIER, PerClass, Ridge, Scale, polynomial
from enunciate.pocket.features import FLOOR, Outputs
from enunciate.pocket.symbols import CLASS_OF_PHONE, N_CLASSES, SILENCE

S, IY = CLASS_OF_PHONE["S"], CLASS_OF_PHONE["IY"]


def outputs(frames):
    """Log-probabilities of frames, each {class: probability}; what is left goes to the others evenly."""
    found = np.empty((len(frames), N_CLASSES), np.float32)
    for row, given in zip(found, frames, strict=True):
        row[:] = np.log((1 - sum(given.values())) / (N_CLASSES - len(given)))
        row[list(given)] = np.log(list(given.values()))
    return Outputs(found, found, np.zeros((len(frames), 1), np.float32), still(len(frames)))


def test_goodness_with_an_alignment():
    """S has 0.8 and 0.4 of its two frames and IY is its best rival; silence is no rival."""
    out = outputs([{S: 0.8, IY: 0.1}, {S: 0.4, IY: 0.2, SILENCE: 0.3}, {IY: 0.9, SILENCE: 0.05}])
    seen = goodness(out, alignment([S, IY], [(0, 2), (2, 3)], [0, 0]))

    own = (np.log(0.8) + np.log(0.4)) / 2
    assert seen.phones[0, 0] == pytest.approx(own, abs=1e-6)
    assert seen.phones[0, 1] == pytest.approx(own - (np.log(0.1) + np.log(0.2)) / 2, abs=1e-6)
    assert seen.phones[1, 1] == pytest.approx(np.log(0.9) - np.log(0.05 / 38), abs=1e-5)
    np.testing.assert_allclose(seen.phones[:, 2], ctc_gop(out.ctc, np.array([S, IY])))


def test_evidence_is_chosen_by_name_and_pooled():
    seen = goodness(outputs([{S: 0.8}, {IY: 0.5}]), alignment([S, IY], [(0, 1), (1, 2)], [0, 0]))

    np.testing.assert_array_equal(seen.of(("ctc", "posterior")), seen.phones[:, [2, 0]])
    pooled = seen.utterance(("posterior",))
    both = np.log([0.8, 0.5])
    assert pooled[:3] == pytest.approx([both.mean(), both.std(), np.quantile(both, 0.25)], abs=1e-6)
    np.testing.assert_array_equal(pooled[3:], seen.rates)


def test_what_cannot_have_been_said_is_held_at_the_floor():
    """Three phones in two frames."""
    seen = goodness(outputs([{S: 0.8}, {S: 0.8}]), alignment([S, S], [(0, 1), (1, 2)], [0, 0]))

    assert (seen.phones[:, 2] == FLOOR).all()


def test_polynomial_by_hand():
    assert polynomial(np.array([[2.0, 3.0]])).tolist() == [[1, 2, 3, 4, 6, 9]]


def test_scale_holds_outliers():
    scale = Scale.of(np.array([[0.0], [2.0]]))

    assert scale(np.array([[1.0], [3.0], [1e6]])).ravel() == pytest.approx([0, 2, OUTLIER], abs=1e-5)


def test_ridge_finds_a_line_and_leaves_unknown_answers_out():
    x = np.linspace(-1, 1, 50)[:, None]
    answers = np.column_stack((5 + 2 * x[:, 0], 4 - x[:, 0]))
    answers[::2, 1] = np.nan

    found = Ridge.fit(x, answers, strength=1e-6, top=10)

    assert found(np.array([[0.5]]))[0] == pytest.approx([6, 3.5], abs=1e-3)
    assert Ridge.model_validate_json(found.model_dump_json()) == found


def test_a_strong_ridge_leaves_the_mean():
    x = np.linspace(-1, 1, 50)[:, None]

    found = Ridge.fit(x, 5 + 2 * x, strength=1e9, top=10)

    assert found(np.array([[1.0]])) == pytest.approx(5, abs=1e-3)


def test_answers_stay_in_their_range():
    x = np.linspace(0, 1, 20)[:, None]

    assert Ridge.fit(x, 10 * x, 1e-6, top=10)(np.array([[1.5]])) == 10


def test_each_class_has_its_own_curve_and_an_unseen_one_the_common():
    x = np.tile(np.linspace(-1, 1, 400), 2)[:, None]
    classes = np.repeat([S, IY], 400)
    answers = np.where(classes == S, 1 + 0.5 * x[:, 0], 1 - 0.5 * x[:, 0] ** 2)
    found = PerClass.fit(x, classes, answers, strength=0.01)

    at = np.array([[0.8]])
    assert found(at, np.array([S])) == pytest.approx(1.4, abs=0.01)
    assert found(at, np.array([IY])) == pytest.approx(0.68, abs=0.01)
    assert found(at, np.array([1])) == pytest.approx((1.4 + 0.68) / 2, abs=0.02)
