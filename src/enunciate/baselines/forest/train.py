"""Train `prosody-forest`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from enunciate.baselines.baseline_recipes import ForestRecipe
from enunciate.baselines.encoder_features import train_on_encoder
from enunciate.baselines.forest.grow import grow
from enunciate.baselines.forest.model import ForestModel
from enunciate.baselines.forest.prosody import Array, prosody_features
from enunciate.baselines.forest.trees import Forest
from enunciate.baselines.labelled_clip import LabelledClip
from enunciate.training.run_folder import Metrics


def train(recipe: ForestRecipe) -> Metrics:
    """Run a recipe; see `train_on_encoder`."""
    return train_on_encoder(
        recipe, prosody_features, lambda clips, _who, seed: fit_forests(clips, recipe, seed)
    )


def fit_forests(clips: Sequence[LabelledClip[Array]], recipe: ForestRecipe, seed: int) -> ForestModel:
    """Grow both forests on the clips that have all four scores."""
    chosen = [clip for clip in clips if np.isfinite(clip.scores).all()]
    scores = np.stack([clip.scores for clip in chosen]).astype(np.float64)

    def grown(features: list[Array]) -> Forest:
        return grow(
            np.stack(features),
            scores,
            trees=recipe.trees,
            min_leaf=recipe.min_leaf,
            features_share=recipe.features_share,
            seed=seed,
            workers=recipe.workers,
        )

    return ForestModel(
        grown([clip.with_reference for clip in chosen]), grown([clip.without_reference for clip in chosen])
    )
