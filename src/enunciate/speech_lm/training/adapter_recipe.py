"""Recipes that train an adapter of a speech language model; their kind is the family of the base."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from enunciate.pocket.training.options import AugmentOptions
from enunciate.speech_lm.families.names import FamilyName
from enunciate.speech_lm.options import TASKS, AdapterConfig, AdapterDescription, PromptConfig, Task
from enunciate.training.recipe_file import SplitRecipe

BestMetric = Literal["pcc", "pcc_expected", "wer", "per", "f1", "loss"]
METRIC_TASKS: dict[BestMetric, tuple[Task, ...]] = {
    "pcc": ("apa",), "pcc_expected": ("apa",), "wer": ("mdd",), "per": ("mdd",), "f1": ("mdd",),
    "loss": TASKS,
}  # fmt: skip
"""The tasks of which a metric needs at least one."""
HIGHER_IS_BETTER: frozenset[BestMetric] = frozenset({"pcc", "pcc_expected", "f1"})

_Count = Annotated[int, Field(gt=0)]


class AudioAugment(AugmentOptions):
    """Changes of clips in training."""

    tempo: Annotated[float, Field(ge=0, lt=1)] = 0.05
    """The tempo is drawn from 1 - tempo to 1 + tempo."""


class AdapterRecipe(SplitRecipe, AdapterDescription):
    """Train an adapter of a speech language model; the defaults are the paper's values."""

    model_config = ConfigDict(extra="forbid")

    kind: FamilyName  # pyright: ignore[reportGeneralTypeIssues, reportIncompatibleVariableOverride]

    protocol: Literal["dev", "official", "everything"] = "dev"
    """`dev`: as the values above say, with dev speakers that choose the best step. `official`: learn from all
    of the train split, measure the test split after every epoch, and keep the last step. `everything`: learn
    from both splits, measure nothing, and keep the last step."""
    dev_utterances: _Count | None = None
    """Maximum number of the dev speakers' utterances that each evaluation decodes."""

    neural: Path | None = None
    """Folder of clips of neural voices (`python -m enunciate.corpus.synthetic.neural`). They teach MDD alone,
    as they have no scores. None for recordings alone."""
    also_without_text: bool = False
    """With `prompt.reference_text`: learn each example a second time, from a prompt without the text, so that
    one adapter serves clips with and without a text. Evaluations measure both."""
    adapter: AdapterConfig = AdapterConfig()
    start_seed: int | None = None
    """Seed of the random weights that the adapter begins with; None is `seed`. Runs with one start and other
    seeds see their data in another order, and can be averaged."""

    batch_size: _Count = 8
    """Examples per device and forward pass."""
    accumulation: _Count = 8
    """Batches whose gradients are accumulated for one optimiser step."""
    epochs: Annotated[float, Field(gt=0)] = 4
    max_steps: _Count | None = None
    """Stop after this many steps; the schedule of the learning rate ends there too."""
    time_limit_s: Annotated[float, Field(gt=0)] | None = None
    """Stop at the first step after this many seconds, evaluations included, as if it were the last. The
    schedule of the learning rate ends there too: it follows the larger of the shares of steps and of time."""
    by_clip: bool = False
    """Put all tasks of a clip into the same batch, which then encodes it once; the batch size still counts
    examples."""
    learning_rate: Annotated[float, Field(gt=0)] = 2e-5
    hearing_learning_rate: Annotated[float, Field(gt=0)] | None = None
    """Learning rate of the audio modules that `unfreeze` trains whole; the default is that of the adapter."""
    score_loss: Literal["hard", "soft", "ordinal"] = "hard"
    """What is learnt of a score: its number, as any token; a distribution, in which a range of the labels is
    a range, and near numbers share by `score_spread`; or that distribution with a loss that grows with the
    distance."""
    score_spread: Annotated[float, Field(ge=0)] = 0.5
    """Standard deviation of soft scores, in points."""
    augment: AudioAugment | None = None
    """Changes of clips in training; only for families that take pocket's features, such as `whisper`."""
    schedule: Literal["linear", "cosine", "constant"] = "linear"
    """The learning rate after warm-up: it decays to 0 linearly or as half a cosine, or stays constant."""
    warmup_steps: Annotated[int, Field(ge=0)] = 0
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    max_grad_norm: Annotated[float, Field(gt=0)] = 1.0
    """Gradient-clipping norm."""
    saved_as: Literal["fp32", "fp16"] = "fp32"
    """Precision of the finished adapter's file; checkpoints are always fp32."""

    encode_once: bool = True
    """Keep the encodings of all clips, if the encoder is frozen and clips are not changed."""
    bf16_lora: bool = False
    """Compute with copies of the LoRA matrices in bfloat16; what is trained and saved stays float32. Not with
    FSDP."""
    compile_layers: bool = False
    """Compile each layer of the decoder (torch.compile), which takes over a minute; not for `whisper`."""
    pad_to: _Count = 1
    """Pad sequences to a multiple of this many tokens, so that there are fewer lengths."""
    join_to: Literal["auto"] | Annotated[int, Field(ge=0)] = 0
    """Compute micro-batches of a step as one where they have at most this many tokens together, padding
    included: the same step in fewer passes. What the largest micro-batch has takes no more memory; 0 joins
    none. `auto` chooses the number by the free memory of the GPU, before the first step, and joins none on a
    CPU. Not with FSDP."""
    gradient_checkpointing: bool = False
    """Recompute activations in the backward pass, audio encoder included: less memory, a third slower."""
    attention: Literal["sdpa", "eager", "flash_attention_2"] = "sdpa"
    """Attention of the decoder; the audio encoder always uses sdpa."""

    log_every: _Count = 10
    """Steps between two lines of the log."""
    evaluate_every: Literal["epoch"] | _Count = "epoch"
    """Evaluate after each epoch, or after this number of steps: on the dev speakers, or with
    `protocol=official` on the test split."""
    evaluate_first: bool = False
    """Evaluate before the first step as well: epoch 0. That evaluation never chooses the adapter."""
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
    def ordinal_weight(self) -> float:
        """Weight of the ordinal loss of scores."""
        return 1.0 if self.score_loss == "ordinal" else 0.0

    @property
    def prompts(self) -> tuple[PromptConfig, ...]:
        """The prompts that are learnt from, that of the engine first."""
        without = self.prompt.model_copy(update={"reference_text": False})
        return (self.prompt, without) if self.also_without_text else (self.prompt,)

    @property
    def chooses_by(self) -> BestMetric:
        """`best_metric`, or its default."""
        return self.best_metric or ("pcc" if "apa" in self.tasks else "per")

    @field_validator("also_without_text")
    @classmethod
    def _beside_the_text(cls, value: bool, info: ValidationInfo) -> bool:
        prompt: PromptConfig | None = info.data.get("prompt")
        if value and prompt is not None and not prompt.reference_text:
            raise ValueError("no example has the text: give prompt.reference_text=true as well")
        return value

    @field_validator("best_metric")
    @classmethod
    def _is_measured(cls, value: BestMetric | None, info: ValidationInfo) -> BestMetric | None:
        tasks = info.data.get("tasks", TASKS)
        if value and not set(METRIC_TASKS[value]) & set(tasks):
            fitting = [name for name in get_args(BestMetric) if set(METRIC_TASKS[name]) & set(tasks)]
            raise ValueError(f"'{value}' is not measured with tasks {list(tasks)}: use {', '.join(fitting)}")
        return value
