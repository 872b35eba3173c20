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
    """The encoder (wav2vec 2.0, HuBERT or WavLM): a name on the Hugging Face hub, or a folder."""
    revision: str | None = None
    """The revision of a model on the hub."""
    version: str = "dev"
    """The version of the weights."""
    freeze_features: bool = True
    """Freeze the encoder's convolutions, because the corpus is too small to improve them."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Dropout before the heads; the encoder keeps that of its checkpoint."""

    epochs: _Count = 30
    ctc_epochs: Annotated[int, Field(ge=0)] = Field(default=0, validate_default=True)
    """The number of first epochs that learn phones alone, so that scores build on an encoder that recognises
    phones; 0 learns both from the start."""
    ctc_weight: _Weight = 1.0
    """The weight of the CTC loss of phones."""
    score_weight: _Weight = 1.0
    """The weight of the loss of scores."""

    batch_size: _Count = 8
    """Clips per batch, which are of similar length."""
    accumulation: _Count = 2
    """Batches per optimiser step, whose gradients are accumulated."""
    encoder_learning_rate: _Rate = 5e-5
    head_learning_rate: _Rate = 5e-4
    """The heads start from random weights and learn faster."""
    warmup_steps: Annotated[int, Field(ge=0)] = 500
    weight_decay: _Weight = 0.01
    max_grad_norm: _Rate = 1.0
    """The gradient-clipping norm."""
    precision: Literal["bf16", "fp32"] = "bf16"
    """The precision of computations on a GPU; weights, and everything on a CPU, are fp32."""

    @field_validator("ctc_epochs")
    @classmethod
    def _leaves_some(cls, value: int, info: ValidationInfo) -> int:
        if value and value >= info.data.get("epochs", value + 1):
            raise ValueError("no epoch is left to learn scores in: give fewer than 'epochs'")
        return value
