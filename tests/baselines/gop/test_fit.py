"""The regressions of `gop`: what they learn, against values worked out by hand."""

import numpy as np
import pytest
from support.baseline_runs import recipe_of

from enunciate.baselines.gop.fit import fit_linear, fit_phones, fit_standardisation
from enunciate.baselines.gop.regression import OUTLIER, LinearRegression, polynomial
from enunciate.pocket.symbols import CLASS_OF_PHONE
from enunciate.trainers import run

S, IY = CLASS_OF_PHONE["S"], CLASS_OF_PHONE["IY"]


def test_a_polynomial_has_all_products_of_two():
    assert polynomial(np.array([[2.0, 3.0]])).tolist() == [[1, 2, 3, 4, 6, 9]]


def test_standardisation_clips_outliers():
    scale = fit_standardisation(np.array([[0.0], [2.0]]))

    assert scale(np.array([[1.0], [3.0], [1e6]])).ravel() == pytest.approx([0, 2, OUTLIER], abs=1e-5)


def test_a_linear_fit_finds_the_line_and_ignores_unknown_targets():
    x = np.linspace(-1, 1, 50)[:, None]
    targets = np.column_stack((5 + 2 * x[:, 0], 4 - x[:, 0]))
    targets[::2, 1] = np.nan

    regression = fit_linear(x, targets, ridge=1e-6, top=10)

    assert regression(np.array([[0.5]]))[0] == pytest.approx([6, 3.5], abs=1e-3)
    assert LinearRegression.model_validate_json(regression.model_dump_json()) == regression


def test_a_strong_ridge_leaves_only_the_mean():
    x = np.linspace(-1, 1, 50)[:, None]

    regression = fit_linear(x, 5 + 2 * x, ridge=1e9, top=10)

    assert regression(np.array([[1.0]])) == pytest.approx(5, abs=1e-3)


def test_predictions_stay_in_their_range():
    x = np.linspace(0, 1, 20)[:, None]

    assert fit_linear(x, 10 * x, 1e-6, top=10)(np.array([[1.5]])) == 10


def test_each_class_has_its_own_curve_and_an_unseen_class_the_common_one():
    x = np.tile(np.linspace(-1, 1, 400), 2)[:, None]
    classes = np.repeat([S, IY], 400)
    targets = np.where(classes == S, 1 + 0.5 * x[:, 0], 1 - 0.5 * x[:, 0] ** 2)
    regression = fit_phones(x, classes, targets, ridge=0.01)

    at = np.array([[0.8]])
    assert regression(at, np.array([S])) == pytest.approx(1.4, abs=0.01)
    assert regression(at, np.array([IY])) == pytest.approx(0.68, abs=0.01)
    assert regression(at, np.array([1])) == pytest.approx((1.4 + 0.68) / 2, abs=0.02)


@pytest.mark.parametrize("evidence", [("posterior", "ratio"), ("ctc",)])
def test_each_form_of_goodness_alone_predicts_phone_scores(chord_corpus, chords, tmp_path, evidence):
    metrics = run(recipe_of("gop", chord_corpus, tmp_path / "out", evidence=evidence))

    assert float(metrics["phone"]) > 0.5
