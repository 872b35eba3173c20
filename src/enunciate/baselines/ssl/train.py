"""Train `ssl-joint`, and write a folder that `load_assessor` reads.

The recipe's `out` gets `log.jsonl` (one line per epoch), `checkpoints/` (the last epoch, where `--resume`
continues), `model.safetensors` (the best weights so far) with the encoder's configuration, and at the end
`metrics.json` and `baseline.json`, which marks the folder as complete.
"""

# The libraries' annotations leave many types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import set_seed

from enunciate.baselines.folder import BaselineDescription, write_description
from enunciate.baselines.ssl.measure import losses_of, measure, selection_score
from enunciate.baselines.ssl.model import WEIGHTS, JointModel, build
from enunciate.baselines.ssl.preprocessor import expects_normalised, write_preprocessor
from enunciate.baselines.ssl.ssl_recipe import SslJointRecipe
from enunciate.baselines.ssl.training_data import SslExample, count_labels, examples_of
from enunciate.errors import CorpusError
from enunciate.huggingface import quiet_loading
from enunciate.storage import event_log, write_whole, writing_to
from enunciate.torch_device import pick_device
from enunciate.training.checkpoints import (
    CompletionMarker,
    checkpoints_folder,
    keep_latest,
    mark_complete,
    read_marker,
    start_run,
)
from enunciate.training.run_folder import LOG_FILE, Metrics, write_metrics
from enunciate.training.samplers import LengthBatchSampler
from enunciate.training.speaker_split import split_corpus

_OPTIMIZER = "optimizer.pt"
_PROGRESS = "progress.json"


def train(recipe: SslJointRecipe, *, resume: bool = False) -> Metrics:
    """Run a recipe.

    Args:
        recipe: The recipe.
        resume: Continue after the last complete epoch in `out`, or start where there is none.

    Returns:
        The metrics of the best weights: `dev_...` and `report_...`.

    Raises:
        EnunciateError: The recipe, the corpus, the checkpoint or the device cannot be used. All of these are
            raised before training starts.
    """
    device = pick_device(recipe.device)
    split = split_corpus(recipe)
    set_seed(recipe.seed)  # the heads are initialised at random
    with quiet_loading():
        model = build(recipe.model, recipe.revision, recipe.dropout)
        normalise = expects_normalised(recipe.model, recipe.revision)
    learn = examples_of(split.train, normalise, model)
    _check_labels(recipe, learn)
    dev = examples_of(split.dev, normalise, model)
    with writing_to(recipe.out):
        checkpoint = start_run(recipe, resume)
        _write_configuration(recipe, model, normalise)
        split.write_held_out(recipe.out)
    training = _Training(recipe, model.to(device), learn, dev)
    if checkpoint is not None:
        read_marker(checkpoint, 1)
        training.restore(checkpoint)
    training.run()
    model.load_state_dict(load_file(recipe.out / WEIGHTS, device=str(device)))
    return _finish(recipe, training, examples_of(split.report, normalise, model))


class _Training:
    """The state of a run, saved after each epoch."""

    def __init__(
        self, recipe: SslJointRecipe, model: JointModel, learn: list[SslExample], dev: list[SslExample]
    ) -> None:
        self.recipe, self.model, self.learn, self.dev = recipe, model, learn, dev
        self.device = next(model.parameters()).device
        if recipe.freeze_features:
            model.freeze_features()
        self.batches = LengthBatchSampler([len(e.clip) for e in learn], recipe.batch_size, recipe.seed)
        self.steps_per_epoch = -(-len(self.batches) // recipe.accumulation)
        self.optimizer = torch.optim.AdamW(_parameter_groups(recipe, model), weight_decay=recipe.weight_decay)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, self._rate)
        self.epoch = 0
        """The number of completed epochs."""
        self.best: Metrics = {}
        """The metrics of the best weights so far, with their `epoch`."""
        self.log = event_log(recipe.out / LOG_FILE)

    def run(self) -> None:
        """Train the remaining epochs."""
        while self.epoch < self.recipe.epochs:
            # Seeded by epoch, so that a resumed run gives the same weights as an uninterrupted one.
            set_seed(self.recipe.seed * 10_000 + self.epoch)
            loss = self._train_epoch()
            self.epoch += 1
            metrics = measure(self.model, self.dev, self.recipe.batch_size) if self.dev else {}
            self.log(step=self.epoch * self.steps_per_epoch, epoch=self.epoch, loss=loss, **metrics)
            with writing_to(self.recipe.out):
                self._keep_best(metrics)
                self._save_checkpoint()

    def restore(self, checkpoint: Path) -> None:
        """Restore the state at the end of an epoch."""
        self.model.load_state_dict(load_file(checkpoint / WEIGHTS, device=str(self.device)))
        state = torch.load(checkpoint / _OPTIMIZER, map_location=self.device, weights_only=True)
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        progress = json.loads((checkpoint / _PROGRESS).read_text(encoding="utf-8"))
        self.epoch, self.best = progress["epoch"], progress["best"]

    def _rate(self, step: int) -> float:
        """Rise linearly over the warm-up steps, then fall linearly to 0."""
        steps, warmup = self.recipe.epochs * self.steps_per_epoch, self.recipe.warmup_steps
        if step < warmup:
            return (step + 1) / warmup
        return max(0.0, (steps - step) / max(1, steps - warmup))

    def _train_epoch(self) -> float:
        """Train one epoch, and return its mean loss."""
        self.model.train()
        self.batches.set_epoch(self.epoch)
        batches = list(self.batches)
        size, total = self.recipe.accumulation, 0.0
        for start in range(0, len(batches), size):
            step = batches[start : start + size]
            self.optimizer.zero_grad()
            for batch in step:
                total += self._backward([self.learn[index] for index in batch], 1 / len(step))
            nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.max_grad_norm)
            self.optimizer.step()
            self.schedule.step()
        return total / len(batches)

    def _backward(self, examples: Sequence[SslExample], share: float) -> float:
        half = self.device.type == "cuda" and self.recipe.precision == "bf16"
        with torch.autocast(self.device.type, torch.bfloat16, enabled=half):
            out = self.model([example.clip.to(self.device) for example in examples])
        losses = losses_of(out, examples)
        loss = self.recipe.ctc_weight * losses.phones
        if self.epoch >= self.recipe.ctc_epochs:
            loss = loss + self.recipe.score_weight * losses.scores
        if loss.requires_grad:  # not so where the batch has no label for any loss
            (share * loss).backward()
        return float(loss.detach())

    def _keep_best(self, metrics: Metrics) -> None:
        """Write the weights if they are the best so far; without dev speakers the last ones are."""
        if not self._is_scored(metrics) or selection_score(metrics) > selection_score(self.best):
            self.best = metrics | {"epoch": self.epoch}
            _save_weights(self.model, self.recipe.out / WEIGHTS)

    def _is_scored(self, metrics: Metrics) -> bool:
        """Whether there are metrics to compare, of weights that have learnt scores."""
        return bool(metrics) and bool(self.best) and self.epoch > self.recipe.ctc_epochs

    def _save_checkpoint(self) -> None:
        step = self.epoch * self.steps_per_epoch
        folder = checkpoints_folder(self.recipe.out) / f"checkpoint-{step}"
        folder.mkdir(parents=True, exist_ok=True)
        _save_weights(self.model, folder / WEIGHTS)
        state = {"optimizer": self.optimizer.state_dict(), "schedule": self.schedule.state_dict()}
        torch.save(state, folder / _OPTIMIZER)
        write_whole(folder / _PROGRESS, json.dumps({"epoch": self.epoch, "best": self.best}))
        mark_complete(folder, CompletionMarker(step=step, processes=1))
        keep_latest(checkpoints_folder(self.recipe.out), 1)


def _parameter_groups(recipe: SslJointRecipe, model: JointModel) -> list[dict[str, Any]]:
    encoder = [p for p in model.encoder.parameters() if p.requires_grad]
    return [
        {"params": encoder, "lr": recipe.encoder_learning_rate},
        {"params": model.heads, "lr": recipe.head_learning_rate},
    ]


def _save_weights(model: JointModel, path: Path) -> None:
    """Write beside the file and rename, because a run may be killed at any moment."""
    partial = path.with_name(path.name + ".partial")
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, partial)
    partial.replace(path)


def _check_labels(recipe: SslJointRecipe, learn: Sequence[SslExample]) -> None:
    """Check that there are labels for both heads."""
    for name, count in count_labels(learn).items():
        if not count:
            raise CorpusError(
                f"{recipe.corpus}: no utterance to learn from has {name} in resource/scores.json. Use the "
                "full corpus or, where only the test split has scores, split=all folds=5"
            )


def _write_configuration(recipe: SslJointRecipe, model: JointModel, normalise: bool) -> None:
    """Write the configurations that are needed beside the weights."""
    model.encoder.config.save_pretrained(recipe.out)
    write_preprocessor(recipe.out, normalise)


def _finish(recipe: SslJointRecipe, training: _Training, report: list[SslExample]) -> Metrics:
    """Measure the best weights on the held-out speakers, and mark the folder as complete."""
    metrics: Metrics = {f"dev_{name}": value for name, value in training.best.items() if name != "epoch"}
    if report:
        reported = measure(training.model, report, recipe.batch_size)
        metrics |= {f"report_{name}": value for name, value in reported.items()}
    metrics["epoch"] = training.best["epoch"]
    with writing_to(recipe.out):
        write_metrics(metrics, recipe.out)
        with (recipe.out / WEIGHTS).open("rb") as weights:
            digest = hashlib.file_digest(weights, "sha256").hexdigest()
        description = BaselineDescription(kind=recipe.kind, version=recipe.version, encoder=digest)
        write_description(description, recipe.out)
    return metrics
