"""The end of every baseline's training: fit, write a folder that `load_assessor` reads, and measure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np

from enunciate.baselines.baseline_recipes import BaselineRecipe
from enunciate.baselines.clip_prediction import BaselinePrediction
from enunciate.baselines.folder import BaselineDescription, write_description
from enunciate.baselines.labelled_clip import LabelledClip
from enunciate.corpus.label_completion import complete_labels
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.errors import CorpusError
from enunciate.metrics.correlation import pcc_by_aspect, pearson
from enunciate.schema import Utterance
from enunciate.training.run_folder import Metrics, write_metrics

Features = TypeVar("Features")


class BaselineModel(Protocol[Features]):
    """A fitted baseline."""

    def predict(self, clip: LabelledClip[Features]) -> BaselinePrediction:
        """Predict the scores of a clip."""
        ...

    def save(self, folder: Path) -> None:
        """Write the model into a folder."""
        ...


Fit = Callable[[Sequence[LabelledClip[Features]], Sequence[Utterance], int], BaselineModel[Features]]
"""Fits a baseline to clips and their utterances with a seed."""


@dataclass(frozen=True)
class LabelledSplits:
    """The utterances with scores of the official split."""

    learn: list[Utterance]
    """Those of the train split, with labels completed as far as they can be."""
    test: list[Utterance]


def labelled_splits(corpus: Path) -> LabelledSplits:
    """Read the utterances to learn from and to measure on.

    Raises:
        CorpusError: The corpus is broken, or no utterance of the train split has scores.
    """
    train = complete_labels(corpus, load_corpus(corpus, "train")).utterances
    learn = [utterance for utterance in train if utterance.scores is not None]
    if not learn:
        raise CorpusError(f"{corpus}: no utterance of the train split has scores to learn from")
    return LabelledSplits(learn, [u for u in load_corpus(corpus, "test") if u.scores is not None])


def fit_and_measure(
    recipe: BaselineRecipe,
    splits: LabelledSplits,
    clips: Sequence[LabelledClip[Features]],
    description: BaselineDescription,
    fit: Fit[Features],
) -> Metrics:
    """Fit a model to the train split and write it; then measure it on the test split.

    Args:
        recipe: The recipe.
        splits: The utterances.
        clips: Those to learn from, then those of the test split.
        description: What the folder says of itself.
        fit: Fits the baseline.

    Returns:
        PCC on the test split: by aspect, by aspect without reference text, and of phone scores. A PCC is
        None where it is undefined. Empty where nobody scored the test split.
    """
    n_learn = len(splits.learn)
    model = fit(clips[:n_learn], splits.learn, recipe.seed)
    model.save(recipe.out)
    write_description(description, recipe.out)
    test = clips[n_learn:]
    metrics = _correlations(test, [model.predict(clip) for clip in test]) if test else {}
    write_metrics(metrics, recipe.out)
    return metrics


def _correlations(
    clips: Sequence[LabelledClip[Features]], predictions: Sequence[BaselinePrediction]
) -> Metrics:
    human = np.stack([clip.scores for clip in clips])
    with_text = pcc_by_aspect(human, np.stack([prediction.utterance for prediction in predictions]))
    without = pcc_by_aspect(human, np.stack([prediction.without_reference for prediction in predictions]))
    pcc: Metrics = {**with_text}
    pcc |= {f"{aspect}_without_text": value for aspect, value in without.items()}
    phones = [prediction.phone for prediction in predictions if prediction.phone is not None]
    scores = np.concatenate([clip.phone_scores for clip in clips])
    if phones and (scores >= 0).any():
        pcc["phone"] = pearson(scores[scores >= 0], np.concatenate(phones)[scores >= 0])
    return pcc
