"""The training loop of an adapter, from the first step to the last.

It runs on one device or on several through accelerate (DDP, FSDP). A step adds up the gradients of its
micro-batches, of which each counts by its answer tokens, so that 1 x 8 examples give the step of 8 x 1, and n
processes that of one. After the last step of an epoch, or after so many steps, the model is evaluated, and
then a checkpoint is written; a run that resumes from it goes on bit for bit.
"""

# The libraries' annotations leave many types open.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import cast

import torch
from accelerate import Accelerator
from peft import PeftModel
from torch import Tensor, nn

from enunciate.errors import EnunciateError
from enunciate.speech_lm.adapter import save_adapter
from enunciate.speech_lm.training.adapter_recipe import HIGHER_IS_BETTER, AdapterRecipe
from enunciate.speech_lm.training.batch_plan import BatchPlan, StepPlan
from enunciate.speech_lm.training.collator import Collator
from enunciate.speech_lm.training.gradients import Gradients
from enunciate.speech_lm.training.joining import Joining
from enunciate.speech_lm.training.learning_rate import scheduled
from enunciate.speech_lm.training.optimizer import make_optimizer
from enunciate.speech_lm.training.run_log import RunLog, append_line
from enunciate.speech_lm.training.run_state import (
    Progress,
    is_sharded,
    load_checkpoint,
    save_checkpoint,
)
from enunciate.speech_lm.training.working_copies import WorkingCopies, add_up_gradients
from enunciate.training.run_folder import LOG_FILE, Metrics

BEST = "best-"

EvaluationFunction = Callable[[PeftModel, Accelerator], Metrics]
"""Evaluates a model, in evaluation mode; every process calls it and gets the same metrics."""


class TrainingLoop:
    """One run of a recipe."""

    def __init__(
        self,
        model: PeftModel,
        recipe: AdapterRecipe,
        accelerator: Accelerator,
        plan: BatchPlan,
        collator: Collator,
        evaluation: EvaluationFunction | None,
    ) -> None:
        self.recipe, self.accelerator, self.plan = recipe, accelerator, plan
        self.evaluation = evaluation
        epochs = math.ceil(plan.steps_per_epoch * recipe.epochs)
        self.n_steps = recipe.max_steps or epochs
        self._copies = WorkingCopies(model) if recipe.bf16_lora else None
        optimizer = make_optimizer(model, recipe, accelerator.device, self._copies)
        self.model: nn.Module
        self.optimizer: torch.optim.Optimizer
        if self._copies is not None and accelerator.num_processes > 1:
            # Placed anew, the model would no longer hold the copies.
            self.model = accelerator.prepare_model(model, device_placement=False, evaluation_mode=True)
            self.optimizer = accelerator.prepare_optimizer(optimizer)
        else:
            self.model, self.optimizer = accelerator.prepare(model, optimizer)
        self._gradients = Gradients(self.model, accelerator, collator, self._copies, recipe.ordinal_weight)
        self._joining = Joining(plan, self._gradients, accelerator)
        self.progress = Progress(join_to=0 if recipe.join_to == "auto" else recipe.join_to)
        self._rates = [cast("float", group["lr"]) for group in self.optimizer.param_groups]

    # ------------------------------------------------------------------------------------------- the loop

    def run(self, checkpoint: Path | None, facts: dict[str, object]) -> Progress:
        """Train to the last step, from a checkpoint if one is given.

        Args:
            checkpoint: A complete checkpoint of the same recipe.
            facts: What the log of a new run begins with.

        Raises:
            EnunciateError: The loss is not a number any more.
        """
        if checkpoint is not None:
            with self.exactly():
                self.progress = load_checkpoint(checkpoint, self.accelerator, self.model, self.optimizer)
        recipe, done = self.recipe, self.progress
        log = RunLog(recipe.out / LOG_FILE, self.accelerator, self.n_steps, done.step, done.elapsed_s)
        if checkpoint is None:
            log.write({"step": 0} | facts)
            if recipe.evaluate_first:
                self._measure(log)
        self.model.train()
        if recipe.join_to == "auto" and checkpoint is None:
            self._join_to(self._joining.choose(recipe.batch_size, sum(p.numel() for p in self._trained)), log)
        losses = torch.zeros((), device=self.accelerator.device)
        counted = 0
        share = self._share_of_time(log)
        for plan in self._steps():
            step = self.progress.step + 1
            scale = scheduled(recipe, step - 1, self.n_steps, share)
            for group, rate in zip(self.optimizer.param_groups, self._rates, strict=True):
                group["lr"] = rate * scale
            loss, norm = self._step(plan, log)
            losses, counted = losses + loss, counted + 1
            self.progress.step = step
            log.advance()
            share, self.progress.elapsed_s = self._share_of_time(log), log.elapsed_s
            last = step >= self.n_steps or share >= 1
            if step % recipe.log_every == 0 or last:
                self._log_step(log, losses / counted, norm, scale)
                losses, counted = torch.zeros_like(losses), 0
            ends_epoch = last or step % self.plan.steps_per_epoch == 0
            if last:  # before an evaluation that may be long, or fail
                self.save_adapter(recipe.out, self.saved_dtype)
            if _is_due(recipe.evaluate_every, step, ends_epoch, last):
                self._evaluate(log)
                share = self._share_of_time(log)
            if _is_due(recipe.save_every, step, ends_epoch, last):
                self._save()
            if last:
                break
        log.close()
        return self.progress

    def _steps(self) -> Iterator[StepPlan]:
        epoch, step = divmod(self.progress.step, self.plan.steps_per_epoch)
        while self.progress.step < self.n_steps:
            yield from self.plan.epoch(epoch, step)
            epoch, step = epoch + 1, 0

    def _step(self, plan: StepPlan, log: RunLog) -> tuple[Tensor, Tensor]:
        """Make one step; returns this process's part of the loss, and the norm of the gradient."""
        total, join_to = self._joining.add_gradients(plan, self.progress.join_to)
        if join_to != self.progress.join_to:
            self._join_to(join_to, log)
        trained = self._trained
        if self._gradients.adds_up:
            add_up_gradients(trained)
        norm = self.accelerator.clip_grad_norm_(
            self.model.parameters() if is_sharded(self.accelerator) else trained, self.recipe.max_grad_norm
        )
        self.optimizer.step()
        self.optimizer.zero_grad()
        if self._copies is not None:
            self._copies.publish()
        return total, cast("Tensor", norm)

    def _join_to(self, tokens: int, log: RunLog) -> None:
        self.progress.join_to = tokens
        log.write({"step": self.progress.step, "join_to": tokens})

    @property
    def _trained(self) -> list[nn.Parameter]:
        return [one for group in self.optimizer.param_groups for one in group["params"]]

    def _share_of_time(self, log: RunLog) -> float:
        """Return the share of the time limit that has gone by, the same in all processes."""
        share = log.elapsed_s / (self.recipe.time_limit_s or math.inf)
        if self.accelerator.num_processes == 1 or self.recipe.time_limit_s is None:
            return share
        shares = self.accelerator.gather(torch.tensor([share], device=self.accelerator.device))
        return float(cast("Tensor", shares).max())

    def _log_step(self, log: RunLog, loss: Tensor, norm: Tensor, scale: float) -> None:
        step = self.progress.step
        value = float(cast("Tensor", self.accelerator.reduce(loss, "sum")))
        if not math.isfinite(value):
            raise EnunciateError(
                f"the loss is {value} at step {step}: the run has diverged, and its last checkpoint is from "
                f"before; lower learning_rate ({self.recipe.learning_rate:g}), or add warmup_steps"
            )
        values = {"loss": value, "grad_norm": float(norm), "epoch": step / self.plan.steps_per_epoch}
        log.report(step, values | {"learning_rate": self.recipe.learning_rate * scale})

    # ------------------------------------------------------------------------ evaluation and checkpoints

    def _evaluate(self, log: RunLog) -> None:
        """Evaluate, log the metrics, and keep the adapter if it is the best so far."""
        metrics = self._measure(log)
        name, progress = self.recipe.chooses_by, self.progress
        value = metrics.get(name)
        if self.recipe.protocol == "dev" and value is not None:
            best, higher = progress.best_value, name in HIGHER_IS_BETTER
            if best is None or (value > best if higher else value < best):
                progress.best_step, progress.best_value = progress.step, value
                progress.best_metrics = metrics
                self.save_adapter(self.recipe.out / f"{BEST}{progress.step}")

    def _measure(self, log: RunLog) -> Metrics:
        """Evaluate and log the metrics, of which there are none without an evaluation."""
        if self.evaluation is None:
            return {}
        model = self.peft_model
        model.eval()
        with torch.no_grad(), self.accelerator.autocast(), self.exactly():
            metrics = self.evaluation(model, self.accelerator)
        model.train()
        shown: Metrics = {"eval_epoch": self.progress.step / self.plan.steps_per_epoch}
        shown |= {f"eval_{name}": value for name, value in metrics.items() if value is not None}
        log.report(self.progress.step, shown)
        self.progress.last_metrics = metrics
        return metrics

    def _save(self) -> None:
        recipe = self.recipe
        with self.exactly():
            save_checkpoint(
                recipe.out,
                recipe.keep_checkpoints,
                self.accelerator,
                self.model,
                self.optimizer,
                self.progress,
            )
        if self.accelerator.is_main_process:
            for path in recipe.out.glob(f"{BEST}*"):  # no checkpoint that is kept refers to others any more
                if path != self.best_adapter():
                    shutil.rmtree(path, ignore_errors=True)

    def exactly(self) -> AbstractContextManager[None]:
        """In this context the model has the weights that are trained, and not working copies of them."""
        return nullcontext() if self._copies is None else self._copies.exactly()

    @property
    def saved_dtype(self) -> torch.dtype | None:
        """Precision of the finished adapter's file; None for that of the weights."""
        return torch.float16 if self.recipe.saved_as == "fp16" else None

    @property
    def peft_model(self) -> PeftModel:
        """The model without the wrappers of accelerate."""
        return cast("PeftModel", self.accelerator.unwrap_model(self.model))

    def save_adapter(self, folder: Path, dtype: torch.dtype | None = None) -> None:
        """Write the adapter in PEFT's format; all processes call this."""
        state: dict[str, Tensor] | None = None
        if is_sharded(self.accelerator):
            state = cast("dict[str, Tensor]", self.accelerator.get_state_dict(self.model))
        if self.accelerator.is_main_process:
            with self.exactly():
                save_adapter(self.peft_model, folder, state, dtype)
        self.accelerator.wait_for_everyone()

    def log_final(self, metrics: Metrics) -> None:
        """Append the metrics of the kept adapter to the log."""
        append_line(self.recipe.out / LOG_FILE, metrics, self.accelerator)

    def best_adapter(self) -> Path | None:
        """Return the folder of the best adapter; None if no evaluation has chosen one."""
        step = self.progress.best_step
        return None if step is None else self.recipe.out / f"{BEST}{step}"


def _is_due(every: str | int, step: int, ends_epoch: bool, last: bool) -> bool:
    return last or (ends_epoch if isinstance(every, str) else step % every == 0)
