"""The trained part of `prosody-forest`: a forest for clips with a reference text, and one for the others."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from enunciate.baselines.clip_prediction import BaselinePrediction
from enunciate.baselines.forest.trees import N_SCORES, Array, Forest, load_forest, save_forest
from enunciate.baselines.labelled_clip import LabelledClip

FOREST = "forest.npz"
FOREST_WITHOUT_REFERENCE = "forest_without_text.npz"
SCORE_VALUES = np.arange(N_SCORES)
"""The whole scores from 0 to 10."""


@dataclass(frozen=True)
class ForestModel:
    """Both forests."""

    with_reference: Forest
    """For features of the aligned reference text."""
    without_reference: Forest
    """For features of the phones heard."""

    def predict(self, clip: LabelledClip[Array]) -> BaselinePrediction:
        """Predict the expected scores of a clip."""
        return BaselinePrediction(
            self.with_reference.distribution(clip.with_reference) @ SCORE_VALUES,
            self.without_reference.distribution(clip.without_reference) @ SCORE_VALUES,
            None,
        )

    def save(self, folder: Path) -> None:
        """Write both into a folder."""
        save_forest(self.with_reference, folder / FOREST)
        save_forest(self.without_reference, folder / FOREST_WITHOUT_REFERENCE)


def load_forests(folder: Path) -> ForestModel:
    """Read what `ForestModel.save` wrote."""
    return ForestModel(load_forest(folder / FOREST), load_forest(folder / FOREST_WITHOUT_REFERENCE))
