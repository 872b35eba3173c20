"""`prosody-forest`: utterance scores from how fast, how evenly and with what melody a clip was spoken.

It knows nothing of how phones sounded and so gives no scores of words and phones: what other systems gain
over it is what listening to the phones brings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from enunciate.assembly.assembler import assemble
from enunciate.baselines.assessor import ListeningAssessor
from enunciate.baselines.baseline_recipes import ForestRecipe
from enunciate.baselines.forest.prosody import Array, prosody_features
from enunciate.baselines.forest.trees import N_SCORES, Forest, grow, load_forest, quantiles, save_forest
from enunciate.baselines.listening import LabelledClip
from enunciate.baselines.predicted import Predicted
from enunciate.pocket.listener import AlignedClip
from enunciate.pocket.phone_timing import NO_SPEECH, pauses, rates
from enunciate.schema import ASPECTS, Aspect, Assessment, Score, Utterance

FOREST = "forest.npz"
FREE_FOREST = "forest_without_text.npz"
WHOLE = np.arange(N_SCORES)


@dataclass(frozen=True)
class ForestModel:
    """Two forests: words are known to the one, phones heard are all that the other has."""

    read: Forest
    heard: Forest

    def predict(self, clip: LabelledClip[Array]) -> Predicted:
        """Expected scores of a clip."""
        both = ((self.read, clip.read), (self.heard, clip.heard))
        read, heard = (forest.distribution(features) @ WHOLE for forest, features in both)
        return Predicted(read, heard, None)

    def save(self, folder: Path) -> None:
        """Write both."""
        save_forest(self.read, folder / FOREST)
        save_forest(self.heard, folder / FREE_FOREST)


def fit_forests(
    clips: Sequence[LabelledClip[Array]], utterances: Sequence[Utterance], recipe: ForestRecipe, seed: int
) -> ForestModel:
    """Grow both forests on the clips that have all four scores."""
    assert len(clips) == len(utterances)
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

    return ForestModel(grown([clip.read for clip in chosen]), grown([clip.heard for clip in chosen]))


class ForestAssessor(ListeningAssessor):
    """The engine."""

    def __init__(self, folder: Path, *, lexicon: Path | None = None, threads: int = 1) -> None:
        super().__init__(folder, lexicon=lexicon, threads=threads)
        self._model = ForestModel(load_forest(folder / FOREST), load_forest(folder / FREE_FOREST))

    def judge(self, clip: AlignedClip) -> Assessment:
        """Assess one clip by what was heard."""
        alignment, reference = clip.alignment, clip.reference
        n_words = None if reference is None else len(reference.words)
        scores: dict[Aspect, Score | None] = dict.fromkeys(ASPECTS)
        if alignment is not None:
            forest = self._model.heard if reference is None else self._model.read
            shares = forest.distribution(prosody_features(clip.outputs, alignment))
            scores |= {aspect: _score(shares[k]) for k, aspect in enumerate(ASPECTS)}
        return assemble(
            clip,
            self._name,
            scores=scores,
            used_reference=reference is not None,
            scored_by_text=True,
            pauses=pauses(alignment) if alignment else (),
            rates=rates(alignment, n_words) if alignment else NO_SPEECH,
        )


def _score(distribution: Array) -> Score:
    value = float(np.clip(distribution @ WHOLE, 0, 10))
    low, high = quantiles(distribution)
    return Score(
        value=value,
        low=min(low, value),
        high=max(high, value),
        most_likely=int(distribution.argmax()),
        distribution=tuple(np.clip(distribution, 0, 1).tolist()),
    )
