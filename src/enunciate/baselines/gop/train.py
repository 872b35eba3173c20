"""Train `gop`."""

from __future__ import annotations

from enunciate.baselines.baseline_recipes import GopRecipe
from enunciate.baselines.encoder_features import train_on_encoder
from enunciate.baselines.gop.fit import fit_gop
from enunciate.baselines.gop.goodness import goodness_of
from enunciate.training.run_folder import Metrics


def train(recipe: GopRecipe) -> Metrics:
    """Run a recipe; see `train_on_encoder`."""
    return train_on_encoder(recipe, goodness_of, lambda clips, who, seed: fit_gop(clips, who, recipe, seed))
