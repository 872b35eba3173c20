"""Linear regression against values worked out by hand."""

import numpy as np
import pytest

from enunciate.baselines.linear_regression import OUTLIER, LinearRegression, fit_linear, fit_standardisation


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
