"""Train `gopt`."""

from __future__ import annotations

from enunciate.baselines.baseline_recipes import GoptRecipe
from enunciate.baselines.encoder_features import train_on_encoder
from enunciate.baselines.gopt.features import gop_vectors
from enunciate.baselines.gopt.fit import fit_gopt
from enunciate.training.run_folder import Metrics


def train(recipe: GoptRecipe) -> Metrics:
    """Run a recipe; see `train_on_encoder`."""
    return train_on_encoder(recipe, gop_vectors, lambda clips, who, seed: fit_gopt(clips, who, recipe, seed))
