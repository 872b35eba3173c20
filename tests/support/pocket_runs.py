"""Recipes of `pocket` that a test can run."""

from enunciate.pocket.training.pocket_recipe import PocketRecipe


def small_recipe(corpus, whisper, out, **values):
    """A short run on the CPU without an export; `values` are added or replace others."""
    return PocketRecipe(
        **{
            "kind": "pocket",
            "corpus": corpus,
            "out": out,
            "whisper": whisper,
            "split": "dev",
            "dev_speakers": 2,
            "epochs": 4,
            "warmup_steps": 2,
            "encoder_rate": 2e-3,
            "rate": 4e-3,
            "evaluations": 2,
            "workers": 1,
            "device": "cpu",
            "export": False,
            "model": {"dropout": 0.0, "scorer_dropout": 0.0, "members": 1, "layers": 1},
            "mixture": {"budget": 4_000},
        }
        | values
    )
