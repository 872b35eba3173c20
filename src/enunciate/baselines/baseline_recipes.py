"""Recipes of the baselines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from enunciate.schema import FrozenModel
from enunciate.training.recipe_file import TrainingRecipe


class BaselineRecipe(TrainingRecipe):
    """What all baselines have: they learn from the labelled speakers of one split."""

    split: Literal["train", "test"] = "test"
    """Where labelled utterances come from. In the official protocol they are those of the train split; a copy
    of the corpus that has scores in its test split only takes `test`, and is measured by cross-validation."""

    encoder: Path | None = None
    """Encoder to hear with: the folder of a trained recogniser, which is exported then (extra `train`), or an
    exported `encoder.onnx`. Where that folder has `folds/`, each utterance is heard in training by the model
    that left its speaker out, and the encoder of the folder itself is what the engine keeps. None takes that
    of the package, which has learnt from all speakers: figures of a cross-validation on top of it are
    then better than new speakers would give. For figures to report give one of the train split
    alone."""
    folds: Annotated[int, Field(ge=2)] = 5
    """Folds over the labelled speakers."""
    cross_validate: bool = True
    """Train a model for each fold, for the figures, besides the one of all speakers."""
    version: str = "dev"
    """What the weights call themselves."""
    workers: Annotated[int, Field(ge=1)] = 2


class ForestRecipe(BaselineRecipe):
    """A random forest on rates, pauses, durations, pitch and loudness, for the utterance scores."""

    kind: Literal["prosody-forest"]
    trees: Annotated[int, Field(ge=1)] = 300
    min_leaf: Annotated[int, Field(ge=1)] = 8
    """Utterances in a leaf at least: a leaf's scores are also the spread that the intervals come from."""
    features_share: Annotated[float, Field(gt=0, le=1)] = 0.33
    """Share of the features that a split chooses from."""


class RegressionRecipe(BaselineRecipe):
    """Goodness of pronunciation, a regression for each phone, and a ridge regression for the utterance."""

    ridge: Annotated[float, Field(gt=0)] = 20.0
    """How strongly a phone's regression is held to that of all phones, in labelled phones."""
    utterance_ridge: Annotated[float, Field(gt=0)] = 10.0
    members: Annotated[int, Field(ge=2)] = 5
    """Inner folds, whose left-out speakers set the threshold and the intervals."""


class GopRecipe(RegressionRecipe):
    """The same from the outputs of an encoder."""

    kind: Literal["gop"]
    evidence: Annotated[tuple[Literal["posterior", "ratio", "ctc"], ...], Field(min_length=1)] = (
        "posterior",
        "ratio",
        "ctc",
    )
    """The forms of goodness that the regressions see."""


class HmmGopRecipe(RegressionRecipe):
    """The same from the HMM states of pocketsphinx, which brings its model with it: `encoder` is not used."""

    kind: Literal["gop-hmm"]
    evidence: Annotated[tuple[Literal["posterior", "ratio", "loop"], ...], Field(min_length=1)] = (
        "posterior",
        "ratio",
        "loop",
    )
    """The forms of goodness that the regressions see."""

    @field_validator("encoder")
    @classmethod
    def _brings_its_own(cls, value: Path | None) -> Path | None:
        if value is not None:
            raise ValueError("gop-hmm hears with pocketsphinx's own model: leave this out")
        return value


class GoptConfig(FrozenModel):
    """Size and training of one transformer; the sizes are those of the paper."""

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


class GoptRecipe(BaselineRecipe):
    """A transformer on goodness of pronunciation alone, for scores of phones, words and the utterance."""

    kind: Literal["gopt"]
    network: GoptConfig = GoptConfig()
    members: Annotated[int, Field(ge=2)] = 5
    """Transformers whose mean is the answer, each leaving out one inner fold of speakers: what they say of
    those sets the threshold and the intervals, and so small a transformer on so few speakers differs from
    seed to seed, which the mean evens out."""
