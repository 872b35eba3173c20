"""`prosody-forest`: utterance scores from how fast, how evenly and with what melody a clip was spoken.

It knows nothing of how phones sounded and so gives no scores of words and phones: what other systems gain
over it is what listening to the phones brings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from enunciate.baselines.assessor import ListeningAssessor
from enunciate.baselines.baseline_recipes import ForestRecipe
from enunciate.baselines.forest.prosody import Array, prosody_features
from enunciate.baselines.forest.trees import N_SCORES, Forest, grow, load_forest, quantiles, save_forest
from enunciate.baselines.listening import Heard, LabelledClip
from enunciate.baselines.predicted import Predicted
from enunciate.pocket.phone_timing import pauses, rates
from enunciate.schema import ASPECTS, Assessment, Rates, Score, Utterance

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

    def judge(self, clip: Heard) -> Assessment:
        """Assess one clip by what was heard."""
        found, n_words = clip.found, None if clip.words is None else len(clip.words)
        scores: dict[str, Score | None] = dict.fromkeys(ASPECTS)
        if found is not None:
            forest = self._model.heard if clip.words is None else self._model.read
            shares = forest.distribution(prosody_features(clip.out, found))
            scores |= {aspect: _score(shares[k]) for k, aspect in enumerate(ASPECTS)}
        nothing = Rates(phones_per_s=0.0, words_per_s=None, articulation_phones_per_s=0.0)
        return Assessment(
            id=clip.utterance.id,
            model=self._name,
            duration_s=clip.duration_s,
            text=clip.utterance.text,
            used_reference=clip.words is not None,
            **scores,
            completeness=None,
            words=(),
            phones=(),
            pauses=pauses(found) if found else (),
            rates=rates(found, n_words) if found else nothing,
            warnings=clip.notices,
            transcript=None,
            unparsable=(),
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
