"""Fit the regressions of `gop` and `gop-hmm` by ridge regression, in closed form."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from enunciate.baselines.baseline_recipes import GopRecipe, HmmGopRecipe
from enunciate.baselines.calibrate import calibrate
from enunciate.baselines.clip_prediction import BaselinePrediction
from enunciate.baselines.gop.goodness import Goodness
from enunciate.baselines.gop.model import GopModel, GopRegressions
from enunciate.baselines.gop.regression import PhoneRegression, polynomial
from enunciate.baselines.labelled_clip import LabelledClip
from enunciate.baselines.linear_regression import Array, LinearRegression, fit_linear, fit_standardisation
from enunciate.corpus.splits import speaker_folds
from enunciate.pocket.symbols import N_CLASSES
from enunciate.schema import Utterance


def fit_gop(
    clips: Sequence[LabelledClip[Goodness]],
    utterances: Sequence[Utterance],
    recipe: GopRecipe | HmmGopRecipe,
    seed: int,
) -> GopModel:
    """Fit the regressions to all clips; calibrate on predictions for speakers left out in turn."""
    left_out: dict[int, BaselinePrediction] = {}
    for fold in speaker_folds(utterances, recipe.members, seed):
        held = set(fold)
        inner = fit_regressions([clip for i, clip in enumerate(clips) if i not in held], recipe)
        left_out |= {index: inner.predict(clips[index]) for index in fold}
    predictions = [left_out[index] for index in range(len(clips))]
    phones = [prediction.phone for prediction in predictions if prediction.phone is not None]
    calibration = calibrate(
        clips,
        phones,
        [prediction.utterance for prediction in predictions],
        [prediction.without_reference for prediction in predictions],
    )
    return GopModel(fit_regressions(clips, recipe), calibration)


def fit_regressions(
    clips: Sequence[LabelledClip[Goodness]], recipe: GopRecipe | HmmGopRecipe
) -> GopRegressions:
    """Fit all regressions to labelled clips."""
    scores = np.concatenate([clip.phone_scores for clip in clips]).astype(np.float64)
    known = scores >= 0
    forms = np.concatenate([clip.with_reference.select(recipe.evidence) for clip in clips])[known]
    classes = np.concatenate([clip.with_reference.classes for clip in clips])[known]
    targets = np.stack([clip.scores for clip in clips]).astype(np.float64)

    def fit_utterances(goodness: list[Goodness]) -> LinearRegression:
        inputs = np.stack([one.pooled(recipe.evidence) for one in goodness])
        return fit_linear(inputs, targets, recipe.utterance_ridge, top=10.0)

    return GopRegressions(
        evidence=recipe.evidence,
        phone=fit_phones(forms, classes, scores[known], recipe.ridge),
        read=fit_utterances([clip.with_reference for clip in clips]),
        heard=fit_utterances([clip.without_reference for clip in clips]),
    )


def fit_phones(
    inputs: Array, classes: npt.NDArray[np.int64], targets: Array, ridge: float
) -> PhoneRegression:
    """Fit a polynomial for each phone class.

    The ridge penalises the difference between a class's coefficients and those of all classes together, so
    that a class with few examples, or none, is scored as phones in general are.

    Args:
        inputs: (N, K).
        classes: (N,) the class of each phone.
        targets: (N,) scores from 0 to 2.
        ridge: The penalty on squared differences.
    """
    scale = fit_standardisation(inputs)
    x = polynomial(scale(inputs))
    penalty = ridge * np.eye(x.shape[1])
    common = np.linalg.solve(x.T @ x + penalty, x.T @ targets)
    rows: list[Sequence[float]] = []
    for label in range(N_CLASSES):
        own, wanted = x[classes == label], targets[classes == label]
        change = np.linalg.solve(own.T @ own + penalty, own.T @ (wanted - own @ common))
        rows.append((common + change).tolist())
    return PhoneRegression(scale=scale, weights=tuple(map(tuple, rows)))
