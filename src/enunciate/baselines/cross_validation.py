"""Training with cross-validation over the labelled speakers, the same for every baseline.

The recipe's folder becomes one that `load_assessor` reads. Its `folds/` has one folder of the same form for
each fold, whose model never saw the fold's speakers, with the ids of their utterances.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np

from enunciate.baselines.baseline_recipes import BaselineRecipe
from enunciate.baselines.clip_prediction import ClipPrediction
from enunciate.baselines.folder import CROSS_VALIDATION, BaselineDescription, write_description
from enunciate.baselines.labelled_clip import LabelledClip
from enunciate.conformer.weights_folder import ENCODER, FOLDS, HELD_OUT, PHONE_MODEL
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.corpus.splits import speaker_folds
from enunciate.errors import CorpusError
from enunciate.metrics.correlation import pcc_by_aspect, pearson
from enunciate.schema import Utterance

Features = TypeVar("Features")


class BaselineModel(Protocol[Features]):
    """A fitted baseline."""

    def predict(self, clip: LabelledClip[Features]) -> ClipPrediction:
        """Predict the scores of a clip."""
        ...

    def save(self, folder: Path) -> None:
        """Write the model into a folder."""
        ...


Fit = Callable[[Sequence[LabelledClip[Features]], Sequence[Utterance], int], BaselineModel[Features]]
"""Fits a baseline to clips and their utterances with a seed."""


def labelled_utterances(recipe: BaselineRecipe) -> list[Utterance]:
    """Read the utterances of the recipe's split that have human scores.

    Raises:
        CorpusError: The corpus is broken, no utterance of the split has scores, or there are fewer speakers
            than folds.
    """
    utterances = [u for u in load_corpus(recipe.corpus, recipe.split) if u.scores is not None]
    if not utterances:
        raise CorpusError(
            f"{recipe.corpus}: no utterance of the {recipe.split} split has scores to learn from"
        )
    if recipe.cross_validate:
        speaker_folds(utterances, recipe.folds, recipe.seed)  # raises now, and not after hours of listening
    return utterances


def train_and_cross_validate(
    recipe: BaselineRecipe,
    utterances: Sequence[Utterance],
    clips: Sequence[LabelledClip[Features]],
    description: BaselineDescription,
    fit: Fit[Features],
) -> dict[str, float | None]:
    """Fit a model to all clips and one without each fold of speakers, and write all of them.

    Returns:
        PCC over the pooled folds: by aspect, by aspect without reference text, and of phone scores. A PCC
        is None where it is undefined. Empty where the recipe does not cross-validate.
    """
    folds = speaker_folds(utterances, recipe.folds, recipe.seed) if recipe.cross_validate else []
    _write(fit(clips, utterances, recipe.seed), description, recipe.out)
    predictions: list[ClipPrediction] = []
    for number, held in enumerate(folds):
        learn = sorted(set(range(len(clips))) - set(held))
        model = fit([clips[i] for i in learn], [utterances[i] for i in learn], recipe.seed + 1 + number)
        folder = recipe.out / FOLDS / str(number)
        folder.mkdir(parents=True, exist_ok=True)
        for name in (ENCODER, PHONE_MODEL):
            if (recipe.out / name).is_file():
                shutil.copyfile(recipe.out / name, folder / name)
        _write(model, description, folder)
        (folder / HELD_OUT).write_text(json.dumps([utterances[i].id for i in held]), encoding="utf-8")
        predictions += [model.predict(clips[i]) for i in held]
    if not folds:
        return {}
    metrics = _correlations([clips[i] for held in folds for i in held], predictions)
    (recipe.out / CROSS_VALIDATION).write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
    return metrics


def _write(model: BaselineModel[Features], description: BaselineDescription, folder: Path) -> None:
    model.save(folder)
    write_description(description, folder)


def _correlations(
    clips: Sequence[LabelledClip[Features]], predictions: Sequence[ClipPrediction]
) -> dict[str, float | None]:
    human = np.stack([clip.scores for clip in clips])
    with_text = pcc_by_aspect(human, np.stack([prediction.utterance for prediction in predictions]))
    without = pcc_by_aspect(human, np.stack([prediction.without_reference for prediction in predictions]))
    pcc: dict[str, float | None] = {**with_text}
    pcc |= {f"{aspect}_without_text": value for aspect, value in without.items()}
    phones = [prediction.phone for prediction in predictions if prediction.phone is not None]
    scores = np.concatenate([clip.phone_scores for clip in clips])
    if phones and (scores >= 0).any():
        pcc["phone"] = pearson(scores[scores >= 0], np.concatenate(phones)[scores >= 0])
    return pcc
