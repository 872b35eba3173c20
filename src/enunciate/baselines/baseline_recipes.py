"""Recipes of the baselines that learn from the scores of the train split."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from enunciate.schema import FrozenModel
from enunciate.training.recipe_file import TrainingRecipe


class BaselineRecipe(TrainingRecipe):
    """What these recipes share: they learn from the scores of the train split."""

    version: str = "dev"
    """The version of the weights."""
    workers: Annotated[int, Field(ge=1)] = 2
    """The number of processes."""


class EncoderRecipe(BaselineRecipe):
    """What the recipes of baselines on a frozen encoder share."""

    encoder: Path
    """The folder that the recipe `pocket` wrote with `split: official`: its encoder and its phone model are
    used as they are. Weights that have learnt from the test split are refused."""


class ForestRecipe(EncoderRecipe):
    """A random forest on rates, pauses, durations, pitch and loudness, for the utterance scores."""

    kind: Literal["prosody-forest"]
    trees: Annotated[int, Field(ge=1)] = 300
    min_leaf: Annotated[int, Field(ge=1)] = 8
    """The smallest number of utterances in a leaf; intervals come from the spread of the scores in a leaf."""
    features_share: Annotated[float, Field(gt=0, le=1)] = 0.33
    """The share of the features that each split chooses from."""


class StopwatchRecipe(BaselineRecipe):
    """A ridge regression of the utterance scores on duration, speech span, number of phones and rate."""

    kind: Literal["stopwatch"]
    ridge: Annotated[float, Field(gt=0)] = 10.0
    """The ridge penalty."""
    members: Annotated[int, Field(ge=2)] = 5
    """The number of inner folds, whose left-out speakers set the intervals."""


class RegressionRecipe(BaselineRecipe):
    """Goodness of pronunciation, a regression for each phone, and a ridge regression for the utterance."""

    ridge: Annotated[float, Field(gt=0)] = 20.0
    """How strongly the regression of a phone is drawn to that of all phones, in labelled phones."""
    utterance_ridge: Annotated[float, Field(gt=0)] = 10.0
    """The ridge penalty of the utterance regression."""
    members: Annotated[int, Field(ge=2)] = 5
    """The number of inner folds, whose left-out speakers set the threshold and the intervals."""


class GopRecipe(RegressionRecipe, EncoderRecipe):
    """Regressions on goodness from the outputs of an encoder."""

    kind: Literal["gop"]
    evidence: Annotated[tuple[Literal["posterior", "ratio", "ctc"], ...], Field(min_length=1)] = (
        "posterior",
        "ratio",
        "ctc",
    )
    """The forms of goodness that the regressions see."""


class HmmGopRecipe(RegressionRecipe):
    """Regressions on goodness from the HMM states of pocketsphinx, which ships its own acoustic model."""

    kind: Literal["gop-hmm"]
    evidence: Annotated[tuple[Literal["posterior", "ratio", "loop"], ...], Field(min_length=1)] = (
        "posterior",
        "ratio",
        "loop",
    )
    """The forms of goodness that the regressions see."""


class GoptConfig(FrozenModel):
    """Size and training of one transformer; the default sizes are those of the paper."""

    width: Annotated[int, Field(ge=2, multiple_of=2)] = 24
    layers: Annotated[int, Field(ge=1)] = 3
    heads: Annotated[int, Field(ge=1)] = 1
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    epochs: Annotated[int, Field(ge=1)] = 20
    batch: Annotated[int, Field(ge=1)] = 32
    learning_rate: Annotated[float, Field(gt=0)] = 2e-3
    weight_decay: Annotated[float, Field(ge=0)] = 0.01

    @field_validator("heads")
    @classmethod
    def _divide_the_width(cls, value: int, info: ValidationInfo) -> int:
        if info.data.get("width", value) % value:
            raise ValueError(f"{value} heads do not divide a width of {info.data['width']}")
        return value


class GoptRecipe(EncoderRecipe):
    """A transformer on goodness of pronunciation alone, which scores phones, words and the utterance."""

    kind: Literal["gopt"]
    network: GoptConfig = GoptConfig()
    members: Annotated[int, Field(ge=2)] = 5
    """The number of transformers, whose predictions are averaged. Each leaves out one inner fold of speakers,
    and the predictions for those set the threshold and the intervals. The mean also reduces the differences
    between seeds, which are large for so small a transformer on so few speakers."""
