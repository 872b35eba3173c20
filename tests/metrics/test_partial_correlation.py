"""Agreement beyond control variables, on data whose partial correlation is known."""

from __future__ import annotations

import numpy as np
import pytest
from support.plain_bootstrap import speaker_interval

from enunciate.metrics.correlation import pair_answers, pearson
from enunciate.metrics.partial_correlation import partial_correlation

N = 4000


def drawn(seed: int = 0):
    """Three controls, and two scores that share a part of the controls and a part of their own."""
    rng = np.random.default_rng(seed)
    controls = rng.normal(size=(N, 3)) * [1, 5, 0.01] + [0, 40, 3]
    told = controls @ [1.0, 0.3, 20.0]
    own = rng.normal(size=N)
    human = told + own
    predicted = 2 * told + 0.6 * own + 0.8 * rng.normal(size=N)
    speakers = [f"s{i % 40}" for i in range(N)]
    return controls, human, predicted, speakers


def partial(human, predicted, controls, speakers):
    given = [None if np.isnan(value) else float(value) for value in predicted]
    return partial_correlation(pair_answers(list(map(float, human)), given, 100.0), controls, speakers)


def residuals(values, controls):
    inputs = np.column_stack((np.ones(len(controls)), controls))
    return values - inputs @ np.linalg.lstsq(inputs, values, rcond=None)[0]


def test_it_is_the_correlation_of_what_the_controls_do_not_tell() -> None:
    controls, human, predicted, speakers = drawn()

    found = partial(human, predicted, controls, speakers)

    assert pearson(human, predicted) > 0.85
    assert found.value == pytest.approx(0.6, abs=0.03)  # cov 0.6, both variances 1
    assert found.value == pytest.approx(pearson(residuals(human, controls), residuals(predicted, controls)))
    assert found.ci95[0] < 0.6 < found.ci95[1] and found.ci95[1] - found.ci95[0] < 0.1


def test_a_system_that_knows_the_controls_alone_gets_nothing() -> None:
    controls, human, _, speakers = drawn()
    rng = np.random.default_rng(1)
    told = controls @ [1.0, 0.3, 20.0]

    assert pearson(human, told) > 0.8
    assert partial(human, told + rng.normal(size=N), controls, speakers).value == pytest.approx(0, abs=0.05)
    assert partial(human, told, controls, speakers).value is None  # nothing is left to correlate


def test_the_interval_is_that_of_regressions_fitted_anew_in_each_resample() -> None:
    controls, human, predicted, speakers = (part[:120] for part in drawn(3))

    slow = speaker_interval(
        lambda i: pearson(residuals(human[i], controls[i]), residuals(predicted[i], controls[i])), speakers
    )

    assert partial(human, predicted, controls, speakers).ci95 == pytest.approx(slow, abs=1e-6)


def test_a_missing_prediction_brings_it_closer_to_nothing() -> None:
    controls, human, predicted, speakers = drawn()
    fewer = predicted.copy()
    fewer[::4] = np.nan

    whole, part = (partial(human, x, controls, speakers).value for x in (predicted, fewer))

    assert part == pytest.approx(whole * np.sqrt(3 / 4), abs=0.02)


def test_controls_that_repeat_each_other_change_nothing() -> None:
    controls, human, predicted, speakers = drawn()
    twice = np.column_stack((controls, controls[:, 0] + controls[:, 1], np.ones(N)))

    once = partial(human, predicted, controls, speakers)

    assert partial(human, predicted, twice, speakers).value == pytest.approx(once.value, abs=1e-6)


def test_an_item_without_controls_is_kept() -> None:
    controls, human, predicted, speakers = drawn()
    controls[::50] = np.nan

    assert partial(human, predicted, controls, speakers).value == pytest.approx(0.6, abs=0.1)


def test_it_is_undefined_for_a_handful_of_items_and_without_any_controls() -> None:
    controls, human, predicted, speakers = (part[:5] for part in drawn())

    assert partial(human, predicted, controls, speakers).value is None
    controls, human, predicted, speakers = drawn()
    assert partial(human, predicted, np.full_like(controls, np.nan), speakers).value is None
