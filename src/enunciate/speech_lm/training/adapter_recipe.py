"""Recipes of the `phi4` kind: training an adapter of Phi-4-multimodal."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from enunciate.speech_lm.options import TASKS, AdapterConfig, AdapterDescription, Task
from enunciate.training.recipe_file import SplitRecipe

BestMetric = Literal["pcc", "wer", "per", "f1", "loss"]
METRIC_TASKS: dict[BestMetric, tuple[Task, ...]] = {
    "pcc": ("apa",), "wer": ("mdd",), "per": ("mdd",), "f1": ("mdd",), "loss": TASKS,
}  # fmt: skip
"""The tasks of which a metric needs at least one."""
HIGHER_IS_BETTER: frozenset[BestMetric] = frozenset({"pcc", "f1"})

_Count = Annotated[int, Field(gt=0)]


class Phi4Recipe(SplitRecipe, AdapterDescription):
    """Train an adapter of Phi-4-multimodal; the defaults are the paper's values."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["phi4"]

    dev_utterances: _Count | None = None
    """Maximum number of the dev speakers' utterances that each evaluation decodes."""

    adapter: AdapterConfig = AdapterConfig()

    batch_size: _Count = 8
    """Examples per device and forward pass."""
    accumulation: _Count = 8
    """Batches whose gradients are accumulated for one optimiser step."""
    epochs: Annotated[float, Field(gt=0)] = 4
    max_steps: _Count | None = None
    """Stop after this many steps; the schedule of the learning rate ends there too."""
    learning_rate: Annotated[float, Field(gt=0)] = 2e-5
    schedule: Literal["linear", "cosine", "constant"] = "linear"
    """The learning rate after warm-up: it decays to 0 linearly or as half a cosine, or stays constant."""
    warmup_steps: Annotated[int, Field(ge=0)] = 0
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    max_grad_norm: Annotated[float, Field(gt=0)] = 1.0
    """Gradient-clipping norm."""

    gradient_checkpointing: bool = False
    """Recompute activations in the backward pass, audio encoder included: less memory, a third slower."""
    attention: Literal["sdpa", "eager", "flash_attention_2"] = "sdpa"
    """Attention of the decoder; the audio encoder always uses sdpa."""

    log_every: _Count = 10
    """Steps between two lines of the log."""
    evaluate_every: Literal["epoch"] | _Count = "epoch"
    """Evaluate on the dev speakers after each epoch, or after this number of steps."""
    save_every: Literal["epoch"] | _Count = "epoch"
    """Write a checkpoint for `--resume` after each epoch, or after this number of steps."""
    keep_checkpoints: _Count = 2
    """Older checkpoints are deleted. The best adapter is kept separately."""
    best_metric: BestMetric | None = Field(default=None, validate_default=True)
    """Metric that chooses the best adapter on the dev speakers: `pcc` (mean over the four scores), `wer`,
    `per`, `f1` (of phones) or `loss`. The default is `pcc` if APA is learnt, else `per`."""
    decode_batch: _Count = 32
    """Clips per batch when an evaluation decodes."""
    report_to: tuple[str, ...] = ()
    """Experiment trackers of transformers, such as `wandb`; `log.jsonl` is always written."""
    push_to_hub: str | None = None
    """Repository on the hub to which the finished adapter is pushed, as `name/repository`."""

    @property
    def chooses_by(self) -> BestMetric:
        """`best_metric`, or its default."""
        return self.best_metric or ("pcc" if "apa" in self.tasks else "per")

    @field_validator("best_metric")
    @classmethod
    def _is_measured(cls, value: BestMetric | None, info: ValidationInfo) -> BestMetric | None:
        tasks = info.data.get("tasks", TASKS)
        if value and not set(METRIC_TASKS[value]) & set(tasks):
            fitting = [name for name in get_args(BestMetric) if set(METRIC_TASKS[name]) & set(tasks)]
            raise ValueError(f"'{value}' is not measured with tasks {list(tasks)}: use {', '.join(fitting)}")
        return value
