"""The regressions of `gop`: what they learn, against values worked out by hand."""

import numpy as np
import pytest
from support.baseline_runs import recipe_of

from enunciate.baselines.gop.fit import fit_phones
from enunciate.baselines.gop.regression import polynomial
from enunciate.pocket.symbols import CLASS_OF_PHONE
from enunciate.trainers import run

S, IY = CLASS_OF_PHONE["S"], CLASS_OF_PHONE["IY"]


def test_a_polynomial_has_all_products_of_two():
    assert polynomial(np.array([[2.0, 3.0]])).tolist() == [[1, 2, 3, 4, 6, 9]]


def test_each_class_has_its_own_curve_and_an_unseen_class_the_common_one():
    x = np.tile(np.linspace(-1, 1, 400), 2)[:, None]
    classes = np.repeat([S, IY], 400)
    targets = np.where(classes == S, 1 + 0.5 * x[:, 0], 1 - 0.5 * x[:, 0] ** 2)
    regression = fit_phones(x, classes, targets, ridge=0.01)

    at = np.array([[0.8]])
    assert regression(at, np.array([S])) == pytest.approx(1.4, abs=0.01)
    assert regression(at, np.array([IY])) == pytest.approx(0.68, abs=0.01)
    assert regression(at, np.array([1])) == pytest.approx((1.4 + 0.68) / 2, abs=0.02)


@pytest.mark.parametrize("evidence", [pytest.param(("posterior", "ratio"), marks=pytest.mark.slow), ("ctc",)])
def test_each_form_of_goodness_alone_predicts_phone_scores(chord_corpus, chords, tmp_path, evidence):
    metrics = run(recipe_of("gop", chord_corpus, tmp_path / "out", evidence=evidence))

    assert float(metrics["phone"]) > 0.5
