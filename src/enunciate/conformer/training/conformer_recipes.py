"""Recipes of the `pocket` engine's two trained parts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from enunciate.conformer.training.options import AugmentConfig, EncoderConfig, ScorerConfig
from enunciate.training.recipe_file import TrainingRecipe

_Share = Annotated[float, Field(ge=0, lt=1)]


class RecogniserRecipe(TrainingRecipe):
    """Train the phone recogniser (encoder, its heads and the phone-quality head)."""

    kind: Literal["recogniser"]
    split: Literal["train", "all", "none"] = "train"
    """The speakers to learn from: the train split, everything that is there, or synthetic speech only."""
    start: Path | None = None
    """Folder of a trained recogniser to go on from. Its quality head stays as it is, so that what the scorer
    reads off it means the same in every model that went on from there."""
    folds: Annotated[int, Field(ge=0)] = 0
    """With folds >= 2, also a model for each fold of the labelled speakers, in `folds/`, that never saw it: a
    scorer that learns from those speakers needs outputs of models that do not know them."""
    synthetic: Path | None = None
    """Folder of synthetic speech (`python -m enunciate.corpus.synthetic`)."""
    synthetic_share: tuple[_Share, _Share] = (0.7, 0.25)
    """Share of synthetic clips in the batches at the beginning and at the end: they teach the phones, and
    then recordings have the last word."""
    steps: Annotated[int, Field(gt=0)] = 6_000
    warmup_steps: Annotated[int, Field(ge=0)] = 400
    batch_frames: Annotated[int, Field(gt=0)] = 48_000
    """Feature frames (10 ms) in a batch, padding included."""
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    weight_decay: Annotated[float, Field(ge=0)] = 0.05
    ema_decay: Annotated[float, Field(ge=0, lt=1)] = 0.999
    middle_weight: Annotated[float, Field(ge=0)] = 0.3
    frame_weight: Annotated[float, Field(ge=0)] = 0.5
    quality_weight: Annotated[float, Field(ge=0)] = 1.0
    align_at: tuple[_Share, ...] = (0.25, 0.5)
    """Shares of the steps after which recordings are aligned (again) for the frame and quality losses."""
    time_limit_s: Annotated[float, Field(gt=0)] = 520.0
    """Training ends here whatever the step, with the schedule run down to it."""
    workers: Annotated[int, Field(ge=1)] = 8
    encoder: EncoderConfig = EncoderConfig()
    augment: AugmentConfig = AugmentConfig()


class ScorerRecipe(TrainingRecipe):
    """Train the scorer on a recogniser's outputs, with cross-validation over speakers."""

    kind: Literal["scorer"]
    split: Literal["train", "test"] = "test"
    """Where labelled utterances come from. In the official protocol they are those of the train split; a copy
    of the corpus that has scores in its test split only takes `test`, and is measured by cross-validation."""
    recogniser: Path
    """Folder of a trained recogniser. Where it has `folds/`, they are the folds here, and each utterance is
    heard by the model that left its speaker out."""
    folds: Annotated[int, Field(ge=2)] = 5
    """Outer folds over the labelled speakers, where the recogniser has none."""
    synthetic: Path | None = None
    """Folder of synthetic speech; its mispronounced clips join the training of the phone scores."""
    synthetic_clips: Annotated[int, Field(ge=0)] = 600
    cross_validate: bool = True
    """Measure by cross-validation over speakers before training on all of them."""
    version: str = "dev"
    """What the weights call themselves."""
    workers: Annotated[int, Field(ge=1)] = 2
    scorer: ScorerConfig = ScorerConfig()
