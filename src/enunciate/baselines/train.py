"""The trainers of the baselines that learn from the scores of the train split."""

from __future__ import annotations

from enunciate.baselines.baseline_recipes import (
    ForestRecipe,
    GopRecipe,
    GoptRecipe,
    HmmGopRecipe,
    StopwatchRecipe,
)
from enunciate.training.run_folder import Metrics


def train(
    recipe: ForestRecipe | GopRecipe | GoptRecipe | HmmGopRecipe | StopwatchRecipe,
) -> Metrics:
    """Run a recipe by the trainer of its kind.

    Returns:
        The metrics on the test split; see `fit_and_measure`.

    Raises:
        RecipeError: `encoder` is no folder of weights, or they have learnt from the test split.
        CorpusError: The corpus lacks a file or labelled utterances.
        ModuleNotFoundError: The trainer needs an extra that is not installed.
    """
    if isinstance(recipe, ForestRecipe):
        from enunciate.baselines.forest.train import train as train_forest

        return train_forest(recipe)
    if isinstance(recipe, StopwatchRecipe):
        from enunciate.baselines.stopwatch.train import train as train_stopwatch

        return train_stopwatch(recipe)
    if isinstance(recipe, HmmGopRecipe):
        from enunciate.baselines.pocketsphinx.train import train as train_hmm_gop

        return train_hmm_gop(recipe)
    if isinstance(recipe, GoptRecipe):
        from enunciate.baselines.gopt.train import train as train_gopt

        return train_gopt(recipe)
    from enunciate.baselines.gop.train import train as train_gop

    return train_gop(recipe)
