"""Train `stopwatch`, which takes seconds once the clips are decoded."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from enunciate import audio
from enunciate.baselines.baseline_recipes import StopwatchRecipe
from enunciate.baselines.fit_and_measure import fit_and_measure, labelled_splits
from enunciate.baselines.folder import BaselineDescription
from enunciate.baselines.labelled_clip import LabelledClip, phone_labels, utterance_labels, word_labels
from enunciate.baselines.linear_regression import Array, fit_linear
from enunciate.baselines.stopwatch.model import ScoredTimes, StopwatchModel
from enunciate.corpus.splits import speaker_folds
from enunciate.metrics.stopwatch import predictors, times
from enunciate.pocket.calibration import intervals_by_aspect
from enunciate.schema import Utterance
from enunciate.training.run_folder import Metrics

TOP = 10.0


def train(recipe: StopwatchRecipe) -> Metrics:
    """Run a recipe.

    Returns:
        The metrics on the test split; see `fit_and_measure`.

    Raises:
        CorpusError: The corpus lacks a file or labelled utterances.
        AudioError: A clip cannot be read.
    """
    splits = labelled_splits(recipe.corpus)
    recipe.out.mkdir(parents=True, exist_ok=True)
    description = BaselineDescription(kind=recipe.kind, version=recipe.version, encoder=None)
    with ThreadPoolExecutor(recipe.workers) as pool:  # decoding leaves the interpreter free
        clips = list(pool.map(time_clip, (*splits.learn, *splits.test)))
    return fit_and_measure(
        recipe, splits, clips, description, lambda chosen, who, seed: fit(chosen, who, recipe, seed)
    )


def time_clip(utterance: Utterance) -> LabelledClip[Array]:
    """Measure the predictors of an utterance of the corpus."""
    timed = times(audio.load(utterance.audio).samples)
    lengths = [len(word.phones) for word in utterance.words or ()]
    return LabelledClip(
        with_reference=predictors(timed, sum(lengths)),
        without_reference=timed,
        phone_scores=phone_labels(utterance),
        scores=utterance_labels(utterance),
        word=np.repeat(np.arange(len(lengths)), lengths),
        word_scores=word_labels(utterance),
        mismatched=False,
    )


def fit(
    clips: Sequence[LabelledClip[Array]], utterances: Sequence[Utterance], recipe: StopwatchRecipe, seed: int
) -> StopwatchModel:
    """Fit both regressions to clips; their intervals come from speakers left out in turn."""
    targets = np.stack([clip.scores for clip in clips]).astype(np.float64)
    folds = speaker_folds(utterances, recipe.members, seed)
    return StopwatchModel(
        with_reference=_fit([clip.with_reference for clip in clips], targets, folds, recipe.ridge),
        without_reference=_fit([clip.without_reference for clip in clips], targets, folds, recipe.ridge),
    )


def _fit(rows: Sequence[Array], targets: Array, folds: Sequence[Sequence[int]], ridge: float) -> ScoredTimes:
    inputs = np.stack(rows)
    left_out = np.empty_like(targets)
    for fold in folds:
        learn = np.setdiff1d(np.arange(len(inputs)), fold)
        left_out[fold] = fit_linear(inputs[learn], targets[learn], ridge, TOP)(inputs[fold])
    regression = fit_linear(inputs, targets, ridge, TOP)
    return ScoredTimes(regression=regression, intervals=intervals_by_aspect(left_out, targets))
