"""Recipes of `ssl-joint`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from enunciate.training.recipe_file import SplitRecipe

_Count = Annotated[int, Field(gt=0)]
_Rate = Annotated[float, Field(gt=0)]
_Weight = Annotated[float, Field(ge=0)]


class SslJointRecipe(SplitRecipe):
    """A self-supervised encoder with a head for phones (CTC) and one for the utterance's scores."""

    kind: Literal["ssl-joint"]
    model: str = "facebook/wav2vec2-large-robust"
    """Name on the Hugging Face hub, or a folder with a checkpoint: wav2vec 2.0, HuBERT or WavLM."""
    revision: str | None = None
    """Of a model on the hub."""
    version: str = "dev"
    """What the weights call themselves."""
    freeze_features: bool = True
    """Leave the encoder's convolutions as they are; the data is too little to improve them."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Before the heads; the encoder's own is its checkpoint's."""

    epochs: _Count = 30
    ctc_epochs: Annotated[int, Field(ge=0)] = Field(default=0, validate_default=True)
    """The first so many of them learn phones alone, so that scores build on an encoder that hears (two
    stages); 0 learns both from the beginning."""
    ctc_weight: _Weight = 1.0
    """Of the phones' loss."""
    score_weight: _Weight = 1.0
    """Of the scores' loss."""

    batch_size: _Count = 8
    """Clips that are computed at a time, of like length."""
    accumulation: _Count = 2
    """Batches whose gradients are added up to a step."""
    encoder_learning_rate: _Rate = 5e-5
    head_learning_rate: _Rate = 5e-4
    """Heads begin with random weights and learn faster."""
    warmup_steps: Annotated[int, Field(ge=0)] = 500
    weight_decay: _Weight = 0.01
    max_grad_norm: _Rate = 1.0
    precision: Literal["bf16", "fp32"] = "bf16"
    """What is computed in on a GPU; weights, and everything on a processor, are fp32."""

    @field_validator("ctc_epochs")
    @classmethod
    def _leaves_some(cls, value: int, info: ValidationInfo) -> int:
        if value and value >= info.data.get("epochs", value + 1):
            raise ValueError("no epoch is left to learn scores in: give fewer than 'epochs'")
        return value
