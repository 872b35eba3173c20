"""Recipes of the `phi4` engine: an adapter, or the small base that stands in for Phi-4 at scale."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field, ValidationInfo, field_validator

from enunciate.pocket.training.options import AugmentConfig
from enunciate.speech_lm.options import HUB_NAME, TASKS, AdapterConfig, PromptConfig, TargetConfig, Task
from enunciate.training.recipe_file import SplitRecipe, TrainingRecipe

BestMetric = Literal["pcc", "wer", "per", "f1", "loss"]
METRIC_TASKS: dict[BestMetric, tuple[Task, ...]] = {
    "pcc": ("apa",), "wer": ("mdd",), "per": ("mdd",), "f1": ("mdd",), "loss": TASKS,
}  # fmt: skip
"""The tasks any of which a metric needs."""
HIGHER_IS_BETTER: frozenset[BestMetric] = frozenset({"pcc", "f1"})

_Count = Annotated[int, Field(gt=0)]
_Share = Annotated[float, Field(ge=0, lt=1)]


class Phi4Recipe(SplitRecipe):
    """Train an adapter of Phi-4-multimodal; the values that are not given are the paper's."""

    kind: Literal["phi4"]
    model: str = HUB_NAME
    """Name on the Hugging Face hub, or a folder with a checkpoint."""
    revision: str | None = None
    """Of a model on the hub; without one, the revision in transformers' own layout."""

    dev_utterances: _Count | None = None
    """At most so many of the dev speakers' utterances are decoded in each evaluation."""

    tasks: Annotated[tuple[Task, ...], Field(min_length=1)] = TASKS
    """Learn both tasks jointly, or one."""
    prompt: PromptConfig = PromptConfig()
    target: TargetConfig = TargetConfig()
    adapter: AdapterConfig = AdapterConfig()

    batch_size: _Count = 8
    """Examples that one device computes at a time."""
    accumulation: _Count = 8
    """Batches whose gradients are added up to a step."""
    epochs: Annotated[float, Field(gt=0)] = 4
    max_steps: _Count | None = None
    """Stop after so many steps, with the schedule run down to it."""
    learning_rate: Annotated[float, Field(gt=0)] = 2e-5
    schedule: Literal["linear", "cosine", "constant"] = "linear"
    """How the learning rate goes after the warm-up: down to 0 in a line or half a cosine, or not at all."""
    warmup_steps: Annotated[int, Field(ge=0)] = 0
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    max_grad_norm: Annotated[float, Field(gt=0)] = 1.0

    precision: Literal["bf16", "fp32"] = "bf16"
    """What the frozen model is kept and computed in; trained weights are always fp32."""
    gradient_checkpointing: bool = False
    """Compute activations again in the backward pass, audio encoder included: less memory, a third slower."""
    attention: Literal["sdpa", "eager", "flash_attention_2"] = "sdpa"
    """Of the decoder; the audio encoder's is always sdpa."""

    log_every: _Count = 10
    """Steps between lines of the log."""
    evaluate_every: Literal["epoch"] | _Count = "epoch"
    """An epoch, or a number of steps."""
    save_every: Literal["epoch"] | _Count = "epoch"
    """How often a checkpoint is written from which `--resume` goes on: each epoch, or a number of steps."""
    keep_checkpoints: _Count = 2
    """Older ones are deleted. The best adapter is kept apart from them."""
    best_metric: BestMetric | None = Field(default=None, validate_default=True)
    """What chooses the best adapter on the dev speakers: `pcc` (mean over the four scores), `wer`, `per`,
    `f1` (of phones) or `loss`. Without it, `pcc` where APA is learnt and `per` where it is not."""
    decode_batch: _Count = 32
    """Clips that are decoded at a time in an evaluation."""
    report_to: tuple[str, ...] = ()
    """Trackers of transformers, such as `wandb` or `tensorboard`; `log.jsonl` is always written."""
    push_to_hub: str | None = None
    """Repository on the hub that receives the finished adapter, as `name/repository`."""

    @property
    def chooses_by(self) -> BestMetric:
        """`best_metric`, or its default."""
        return self.best_metric or ("pcc" if "apa" in self.tasks else "per")

    @field_validator("tasks")
    @classmethod
    def _in_order(cls, value: tuple[Task, ...]) -> tuple[Task, ...]:
        if len(set(value)) < len(value):
            raise ValueError("a task comes twice")
        return tuple(task for task in TASKS if task in value)

    @field_validator("best_metric")
    @classmethod
    def _is_measured(cls, value: BestMetric | None, info: ValidationInfo) -> BestMetric | None:
        tasks = info.data.get("tasks", TASKS)
        if value and not set(METRIC_TASKS[value]) & set(tasks):
            fitting = [name for name in get_args(BestMetric) if set(METRIC_TASKS[name]) & set(tasks)]
            raise ValueError(f"'{value}' is not measured with tasks {list(tasks)}: use {', '.join(fitting)}")
        return value


class BaseRecipe(TrainingRecipe):
    """Train a small model of Phi-4's classes to transcribe: the base of the scale experiments."""

    kind: Literal["phi4-base"]
    size: Literal["tiny", "nano"] = "nano"
    """tiny: 0.1 million parameters, for tests. nano: about 25 million."""
    vocabulary: Annotated[int, Field(ge=600)] = 2_048
    """Ids of the vocabulary; words are learnt from the texts."""
    target: TargetConfig = TargetConfig()
    synthetic: Path | None = None
    """Folder of synthetic speech (`python -m enunciate.corpus.synthetic`)."""
    synthetic_share: tuple[_Share, _Share] = (0.8, 0.4)
    """Share of synthetic clips in the batches at the beginning and at the end."""
    score_share: _Share = 0.05
    """Share of the clips that are asked for scores, and learn to answer with random ones: like Phi-4, the
    base knows what such JSON looks like, and nothing of the scores themselves."""
    limit: _Count | None = None
    """Learn from the first so many recordings and as many synthetic clips only, for a trial."""
    dev_speakers: Annotated[int, Field(ge=0)] = 10
    """About so many speakers of the train split are not learnt from but reported on."""
    dev_utterances: _Count = 200
    """At most so many of their utterances are reported on."""

    steps: _Count = 12_000
    warmup_steps: Annotated[int, Field(ge=0)] = 500
    batch_frames: _Count = 48_000
    """Feature frames (10 ms) in a batch, padding included."""
    learning_rate: Annotated[float, Field(gt=0)] = 6e-4
    weight_decay: Annotated[float, Field(ge=0)] = 0.05
    audio_dropout: _Share = 0.1
    """In the audio encoder, while the base is trained; what is saved has none, like the checkpoint."""
    decoder_dropout: _Share = 0.1
    """The same on the decoder's residuals."""
    hidden_answer: _Share = 0.15
    """Share of the answer's tokens that the decoder does not see as its input, so that it has to listen."""
    ctc_weight: Annotated[float, Field(ge=0)] = 0.5
    """Of the first auxiliary loss that makes the audio encoder phonetic; its head is thrown away."""
    place_weight: Annotated[float, Field(ge=0)] = 1.0
    """Of the second: what is said where, in synthetic clips."""
    ema_decay: Annotated[float, Field(ge=0, lt=1)] = 0.999
    augment: AugmentConfig = AugmentConfig()
    log_every: _Count = 100
    give_up_at: Annotated[float, Field(gt=0, lt=1)] = 0.35
    """Share of the run after which a phone error rate over 0.9 ends it."""
    time_limit_s: Annotated[float, Field(gt=0)] = 520.0
    """Training ends here whatever the step, with the schedule run down to it."""
    workers: Annotated[int, Field(ge=0)] = 8
    """Processes that compute features; 0 for none beside the one that trains."""
