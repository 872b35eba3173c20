"""Options of the `speech_lm` engine that training and running share; they are saved with an adapter."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from enunciate.schema import FrozenModel
from enunciate.speech_lm.families.names import USUAL_BASES, FamilyName

Task = Literal["apa", "mdd"]
TASKS: tuple[Task, ...] = ("apa", "mdd")
CONTROL_TOKENS: dict[Task, str] = {"apa": "<|APA|>", "mdd": "<|MDD|>"}
Precision = Literal["bf16", "fp32"]


class PromptConfig(FrozenModel):
    """The contents of the user turn."""

    control: Literal["text", "special", "none"] = "text"
    """The control token as ordinary text, as a token of its own whose embedding is trained, or none."""
    rubric: bool = True
    """The full instruction after the audio. Without it the control token alone distinguishes the tasks, or
    one short line if there is no control token."""
    reference_text: bool = False
    """Put the reference text into the prompt."""
    instruction: Literal["after", "before"] = "after"
    """Whether the instruction stands after the audio, as in the paper, or before it. What stands before the
    audio is the same for all clips, so a decoder that reads audio among its tokens computes it once."""


TotalWeights = tuple[float, float, float, float]
"""Weights of accuracy, fluency and prosodic, and a constant."""


class TargetConfig(FrozenModel):
    """The contents of the assistant turn."""

    starred: Literal["keep", "drop"] = "keep"
    """Sounds annotated `K*` ("mostly like K"): symbols of their own, or plain `K`."""
    scores: Literal["chained", "apart"] = "chained"
    """Whether the model sees the scores that an answer has named when it names the next one, as any text; or
    a blank in the place of each, so that every score follows from the clip alone."""
    total_weights: TotalWeights | None = None
    """The expected total is this sum of the other expected scores (`decoding.combined_total`), as
    `fit_total_formula` learns it from the labels of the train split; None for the model's own."""


class AdapterConfig(FrozenModel):
    """Which weights are trained, and how the adapter starts."""

    strategy: Literal["lora", "unfreeze"] = "lora"
    """Train the LoRA adapter only, or the audio encoder and the audio projector as well."""
    start: Literal["speech", "fresh"] = "speech"
    """Continue from the model's own speech adapter, or initialise a new one."""
    where: Literal["decoder", "encoder", "both"] = "decoder"
    """Which layers get LoRA matrices: those of the decoder, those of the audio encoder, or both."""
    rank: Annotated[int, Field(gt=0)] = 320
    """Rank of a fresh adapter; the speech adapter has 320."""
    alpha: Annotated[float, Field(gt=0)] = 640
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.01


WeightFormat = Literal["full", "int8", "int4"]
"""How an engine keeps the weights of its linear layers: as they are, or rounded to 8 or 4 bits."""


class TorchOptions(FrozenModel):
    """How torch runs the model of an engine; the defaults need no GPU."""

    weights: WeightFormat = "full"
    compile_layers: bool = False
    """Compile each layer of the decoder: faster answers on an NVIDIA GPU, after a slow first one."""


class AdapterDescription(FrozenModel):
    """The part of an adapter's recipe that running it needs: base model, tasks, prompt and targets.

    It reads the `recipe.json` of an adapter's folder, whose other values only training needs.
    """

    model_config = ConfigDict(extra="ignore")

    kind: FamilyName = "phi4"
    """The family of the base model; a recipe's kind."""
    model: Annotated[str, Field(validate_default=True)] = ""
    """Name on the Hugging Face hub, or a folder with a checkpoint; the default is the family's usual base."""
    revision: str | None = None
    """Revision on the hub; the default is the family's."""
    tasks: Annotated[tuple[Task, ...], Field(min_length=1)] = TASKS
    """Learn both tasks jointly, or one."""
    prompt: PromptConfig = PromptConfig()
    target: TargetConfig = TargetConfig()
    precision: Precision = "bf16"
    """Precision in which the frozen model is kept and computed; trained weights are always fp32."""

    @field_validator("model")
    @classmethod
    def _or_the_usual_one(cls, value: str, info: ValidationInfo) -> str:
        kind: FamilyName | None = info.data.get("kind")
        return value or (USUAL_BASES[kind] if kind else value)

    @field_validator("tasks")
    @classmethod
    def _in_order(cls, value: tuple[Task, ...]) -> tuple[Task, ...]:
        if len(set(value)) < len(value):
            raise ValueError("a task comes twice")
        return tuple(task for task in TASKS if task in value)
