"""The learning rate over a run, which ends with its last step or with its time, whichever comes first."""

from __future__ import annotations

import math

from enunciate.speech_lm.training.adapter_recipe import AdapterRecipe


def scheduled(recipe: AdapterRecipe, step: int, n_steps: int, share_of_time: float) -> float:
    """Return the share of the learning rate.

    Args:
        recipe: The schedule.
        step: Steps that have been made.
        n_steps: Steps of the whole run.
        share_of_time: The share of the time limit that has gone by.
    """
    warm = min(1.0, step / recipe.warmup_steps) if recipe.warmup_steps else 1.0
    if recipe.schedule == "constant":
        return warm
    of_steps = max(0.0, (step - recipe.warmup_steps) / max(1, n_steps - recipe.warmup_steps))
    done = min(1.0, max(of_steps, share_of_time))
    return warm * (1 - done if recipe.schedule == "linear" else 0.5 * (1 + math.cos(math.pi * done)))
