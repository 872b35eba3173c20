"""The learning rate comes down by the last step or by the time limit, whichever is nearer."""

from itertools import pairwise
from pathlib import Path

import pytest

from enunciate.speech_lm.training.adapter_recipe import AdapterRecipe
from enunciate.speech_lm.training.learning_rate import scheduled


def recipe(**values):
    return AdapterRecipe.model_validate(
        {"kind": "whisper", "corpus": Path("corpus"), "out": Path("out"), "warmup_steps": 10} | values
    )


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_without_a_time_limit_it_falls_from_its_peak_to_nothing(schedule):
    rates = [scheduled(recipe(schedule=schedule), step, 110, 0.0) for step in range(111)]
    assert rates[0] == 0 and rates[10] == 1 and rates[110] == pytest.approx(0)
    assert rates[60] == pytest.approx(0.5)
    assert all(early > late for early, late in pairwise(rates[10:]))


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_with_the_time_gone_nothing_is_left_however_few_steps_were_made(schedule):
    assert scheduled(recipe(schedule=schedule), 40, 1000, 1.0) == pytest.approx(0)
    assert scheduled(recipe(schedule=schedule), 40, 1000, 1.2) == pytest.approx(0)
    assert scheduled(recipe(schedule=schedule), 40, 1000, 0.5) == pytest.approx(0.5)


def test_the_larger_share_counts():
    linear = recipe(schedule="linear")
    assert scheduled(linear, 85, 110, 0.1) == scheduled(linear, 85, 110, 0.0) == pytest.approx(0.25)
    assert scheduled(linear, 20, 110, 0.75) == pytest.approx(0.25)


def test_a_constant_rate_stays_after_its_warm_up():
    constant = recipe(schedule="constant")
    assert scheduled(constant, 5, 110, 0.9) == 0.5
    assert scheduled(constant, 100, 110, 0.9) == 1
