"""`transformers.Trainer` with batches by length, complete checkpoints, and evaluation by decoding."""

# The libraries' annotations leave many types open.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import torch
from accelerate import Accelerator
from peft import PeftModel
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from transformers import PrinterCallback, Trainer, TrainingArguments

from enunciate.speech_lm.adapter import save_adapter
from enunciate.speech_lm.training.adapter_recipe import HIGHER_IS_BETTER, Phi4Recipe
from enunciate.speech_lm.training.callbacks import EvaluationSchedule, JsonLinesLog, ProgressBar
from enunciate.speech_lm.training.data import AdapterExample, Collator
from enunciate.training.checkpoints import (
    CompletionMarker,
    checkpoints_folder,
    delete_incomplete,
    keep_latest,
    mark_complete,
)
from enunciate.training.run_folder import LOG_FILE, Metrics
from enunciate.training.samplers import LengthBatchSampler, ShardedBatchSampler

BEST = "best-"
_TRAINED = "trained.safetensors"

EvaluationFunction = Callable[[PeftModel, Accelerator], Metrics]
"""Evaluates a model, in evaluation mode, on the dev speakers; every process calls it and gets the same."""


class ExampleDataset(Dataset[AdapterExample]):
    """A list of examples as a dataset of torch."""

    def __init__(self, examples: Sequence[AdapterExample]) -> None:
        self.examples = examples

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: int) -> AdapterExample:
        return self.examples[index]


class EpochDataLoader(DataLoader[Any]):
    """Passes the epoch to the sampler, which transformers does only if it wraps or skips batches."""

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of this epoch."""
        cast("ShardedBatchSampler", self.batch_sampler).set_epoch(epoch)


class AdapterTrainer(Trainer):
    """One run of a recipe.

    The loss, its division by the number of answer tokens in the step, and the restriction of logits to the
    positions of the answers are in the model's own `forward` (`families.phi4.causal_lm`).
    """

    def __init__(
        self,
        model: PeftModel,
        recipe: Phi4Recipe,
        arguments: TrainingArguments,
        collator: Collator,
        examples: Sequence[AdapterExample],
        evaluation: EvaluationFunction | None,
    ) -> None:
        self.recipe, self.evaluation = recipe, evaluation
        self.json_log = JsonLinesLog(recipe.out / LOG_FILE)
        super().__init__(
            model=model,
            args=arguments,
            data_collator=cast("Any", collator),
            train_dataset=cast("Any", ExampleDataset(examples)),
            callbacks=[self.json_log, ProgressBar()],
        )
        self.remove_callback(PrinterCallback)
        batches = LengthBatchSampler([e.length for e in examples], recipe.batch_size, recipe.seed)
        self.batches = ShardedBatchSampler(batches, self.args.process_index, self.args.world_size)
        steps_per_epoch = -(-len(self.batches) // recipe.accumulation)
        self.add_callback(EvaluationSchedule(recipe.evaluate_every, recipe.save_every, steps_per_epoch))
        assert self.model_accepts_loss_kwargs, "the model divides the loss by the tokens of the whole step"

    @property
    def is_first(self) -> bool:
        """Whether this is the process that writes files."""
        return cast("bool", self.args.process_index == 0)

    def get_train_dataloader(self) -> DataLoader[Any]:
        """Return batches of similar length; the processes share out those of a single process."""
        return EpochDataLoader(
            cast("Dataset[Any]", self.train_dataset),
            batch_sampler=self.batches,
            collate_fn=cast("Any", self.data_collator),
            pin_memory=self.args.device.type == "cuda",
        )

    def floating_point_ops(self, inputs: dict[str, Any]) -> int:
        """Return 0: transformers' count iterates over all parameters in every step, and is wrong here."""
        return 0

    # ------------------------------------------------------------------------------------------ evaluation

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Evaluate on the dev speakers, log the metrics, and keep the adapter if it is the best so far."""
        if self.evaluation is None:
            return {}
        model = cast("PeftModel", self.accelerator.unwrap_model(self.model))
        was_training = model.training
        model.eval()
        with torch.no_grad(), self.accelerator.autocast():
            metrics = self.evaluation(model, self.accelerator)
        model.train(was_training)
        logged = {f"eval_{name}": value for name, value in metrics.items() if value is not None}
        self.log(logged)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, logged)
        self._keep_if_best(metrics)
        return logged

    def _keep_if_best(self, metrics: Metrics) -> None:
        name = self.recipe.chooses_by
        value, best = metrics.get(name), self.state.best_metric
        higher = name in HIGHER_IS_BETTER
        if value is not None and (best is None or (value > best if higher else value < best)):
            self.state.best_metric, self.state.best_global_step = value, self.state.global_step
            self.save_adapter(self.recipe.out / f"{BEST}{self.state.global_step}")

    def save_adapter(self, folder: Path) -> None:
        """Write the adapter in PEFT's format; with FSDP all processes must call this."""
        state: dict[str, Tensor] | None = None
        if self.is_fsdp_enabled:
            state = cast("dict[str, Tensor]", self.accelerator.get_state_dict(self.model))
        if self.is_first:
            save_adapter(cast("PeftModel", self.accelerator.unwrap_model(self.model)), folder, state)
        self.accelerator.wait_for_everyone()

    def best_adapter(self) -> Path | None:
        """Return the folder of the best adapter; None if no evaluation has chosen one."""
        step = self.state.best_global_step
        return None if step is None else self.recipe.out / f"{BEST}{step}"

    # ----------------------------------------------------------------------------------------- checkpoints

    def _save_checkpoint(self, model: nn.Module, trial: Any) -> None:
        """Write a checkpoint as transformers does, and then the marker that completes it."""
        folder, step = checkpoints_folder(self.recipe.out), self.state.global_step
        if self.is_first:
            delete_incomplete(folder, after=step - 1)
        self.accelerator.wait_for_everyone()
        super()._save_checkpoint(model, trial)
        self.accelerator.wait_for_everyone()  # until all processes have written their random states
        if self.is_first:
            mark_complete(
                folder / f"checkpoint-{step}", CompletionMarker(step=step, processes=self.args.world_size)
            )
            keep_latest(folder, self.recipe.keep_checkpoints)
            self._delete_worse_adapters()

    def _delete_worse_adapters(self) -> None:
        """Delete adapters that are no longer the best: no checkpoint that is kept refers to them any more."""
        for path in self.recipe.out.glob(f"{BEST}*"):
            if path != self.best_adapter():
                shutil.rmtree(path, ignore_errors=True)

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Save the trained weights without the frozen base; FSDP saves them with its optimiser state."""
        if self.is_first and not self.is_fsdp_enabled:
            folder = Path(output_dir or checkpoints_folder(self.recipe.out))
            folder.mkdir(parents=True, exist_ok=True)
            tensors = {
                name: p.detach().cpu().contiguous().clone()
                for name, p in self._trainable_parameters().items()
            }
            save_file(tensors, folder / _TRAINED)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: nn.Module | None = None) -> None:
        """Restore the trained weights."""
        if self.is_fsdp_enabled:
            super()._load_from_checkpoint(resume_from_checkpoint, model)
            return
        saved, trained = load_file(Path(resume_from_checkpoint) / _TRAINED), self._trainable_parameters()
        assert trained.keys() == saved.keys(), "the checkpoint was written by another strategy"
        with torch.no_grad():
            for name, parameter in trained.items():
                parameter.copy_(saved[name])

    def _trainable_parameters(self) -> dict[str, nn.Parameter]:
        module = cast("nn.Module", self.accelerator.unwrap_model(self.model))
        return {name: parameter for name, parameter in module.named_parameters() if parameter.requires_grad}
