"""Train `pocket`: fine-tune Whisper's encoder with phone heads and scorers, end to end.

A recipe's `out` gets `log.jsonl`; `weights*.npz` with `settings.json`; `held_out.json`, `predictions.npz` and
`metrics.json` about the speakers that were held out; and the files of an engine: the ONNX files,
`phones.npz`, `calibration.json` and `pocket.json`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from enunciate.errors import EnunciateError
from enunciate.pocket.training.averaged import AveragedModel
from enunciate.pocket.training.batch_plan import BatchPlanner
from enunciate.pocket.training.encoder import NEW_PARTS, SCORED_PARTS, WhisperEncoder
from enunciate.pocket.training.encoder_config import EncoderConfig, config_of
from enunciate.pocket.training.finish import check_calibration, finish
from enunciate.pocket.training.measure import Metrics, measure
from enunciate.pocket.training.model import PocketModel
from enunciate.pocket.training.pocket_recipe import PocketRecipe
from enunciate.pocket.training.predictions import predict_clips
from enunciate.pocket.training.realign import realign
from enunciate.pocket.training.row_plan import RowPlan
from enunciate.pocket.training.saved_model import load_model
from enunciate.pocket.training.train_data import TrainingData, load_training_data
from enunciate.pocket.training.whisper_weights import load_whisper
from enunciate.storage import event_log, writing_to
from enunciate.torch_device import configure_cuda, pick_device

LOG = "log.jsonl"
MAX_GRADIENT_NORM = 2.0
LOG_EVERY = 100
"""Steps between two lines of the log."""
_FIRST_LOG = 5
"""The log has an early line too, which shows at once whether a run works."""
_SCORERS = ("scorers", "free")
"""The modules of the model that score."""
_LAST_RATE = 0.02
"""Share of the peak learning rate that is left at the end."""


def train(recipe: PocketRecipe, config: EncoderConfig | None = None) -> Metrics:
    """Run a recipe.

    Args:
        recipe: What to train.
        config: Dimensions of the encoder; None takes what the recipe asks for.

    Returns:
        Metrics of the held-out speakers (see `measure`); empty where nobody is held out.

    Raises:
        EnunciateError: Of many kinds, nearly all before anything is trained.
    """
    check_calibration(recipe)
    with writing_to(recipe.out):
        recipe.out.mkdir(parents=True, exist_ok=True)
    log = event_log(recipe.out / LOG)
    device = pick_device(recipe.device)
    teacher = None if recipe.teacher is None else load_model(recipe.teacher, recipe.whisper).to(device)
    torch.manual_seed(recipe.seed if recipe.start_seed is None else recipe.start_seed)
    model = PocketModel(recipe.model, config or config_of(recipe.encoder))
    if recipe.start_seed is not None:
        torch.manual_seed(recipe.seed)
    if recipe.whisper is not None and isinstance(model.encoder, WhisperEncoder):
        load_whisper(model.encoder, recipe.whisper)
    configure_cuda()
    data = load_training_data(recipe, device)
    trainer = PocketTrainer(recipe, model.to(device), data, log, teacher)
    trainer.run()
    return finish(recipe, trainer.averaged.model, data, log)


class PocketTrainer:
    """One run: model, data, optimiser and schedule, and a teacher if there is one."""

    def __init__(
        self,
        recipe: PocketRecipe,
        model: PocketModel,
        data: TrainingData,
        log: Callable[..., None],
        teacher: PocketModel | None = None,
    ) -> None:
        self.recipe, self.model, self.data, self.log, self.teacher = recipe, model, data, log, teacher
        self.averaged = AveragedModel(model)
        self._start = {
            name: parameter.detach().clone()
            for name, parameter in model.named_parameters()
            if name.partition(".")[0] in _SCORERS
        }
        self.optimiser = _optimiser(recipe, model)
        rng = np.random.default_rng(recipe.seed)
        self.planner = BatchPlanner(data.bank, data.learn, recipe.mixture, rng)
        self.steps_per_epoch = len(self.planner.epoch())
        self.steps = max(2, int(self.steps_per_epoch * recipe.epochs))
        self._sums: dict[str, Tensor] = {}
        self._summed = 0
        self._scored = 0

    def run(self) -> None:
        """Train to the last step or the time limit, whichever comes first, and take a share of it back.

        Raises:
            EnunciateError: The losses are no longer finite.
        """
        recipe, data, began = self.recipe, self.data, time.monotonic()
        self.log(
            event="begin",
            learn=len(data.learn),
            held_out=len(data.held_out),
            steps_per_epoch=self.steps_per_epoch,
            steps=self.steps,
        )
        realign_at = {int(share * self.steps) for share in recipe.realign_at}
        evaluate_at = {int(self.steps * (k + 1) / recipe.evaluations) for k in range(recipe.evaluations - 1)}
        self.model.train()
        for step, rows in zip(range(self.steps), self.planner, strict=False):
            elapsed_s = time.monotonic() - began
            progress = max(step / self.steps, elapsed_s / (recipe.time_limit_s or math.inf))
            if progress >= 1:
                self.log(event="time_limit", step=step)
                break
            self._step(step, progress, rows)
            if step % LOG_EVERY == LOG_EVERY - 1 or step == _FIRST_LOG - 1:
                self._log_losses(step, elapsed_s)
            if step in realign_at:
                self._realign(step, first=step == min(realign_at))
            if step in evaluate_at and data.held_out:
                self.log(event="evaluated", step=step, **self._evaluate())
        self.averaged.take_back(self._start, recipe.taken_back)

    def _step(self, step: int, progress: float, rows: list[RowPlan]) -> None:
        begin = self.recipe.scores_from
        scoring = progress >= begin
        self._scored += scoring
        self.planner.scoring = scoring
        scale = self._warmth(step + 1) * decayed(progress)
        late_scale = self._warmth(self._scored) * decayed(max(0.0, progress - begin) / (1 - begin))
        for group in self.optimiser.param_groups:
            group["lr"] = group["peak"] * (late_scale if group["late"] else scale)
        losses = self.model.losses(self.data.bank.cut(rows), scoring, self.teacher)
        self.optimiser.zero_grad(set_to_none=True)
        torch.stack(list(losses.values())).sum().backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), MAX_GRADIENT_NORM, foreach=True)
        self.optimiser.step()
        self.averaged.update(self.model, min(self.recipe.ema, (step + 1) / (step + 12)))
        for name, value in losses.items():
            before = self._sums.get(name)
            self._sums[name] = value.detach() if before is None else before + value.detach()
        self._summed += 1

    def _warmth(self, steps: int) -> float:
        return min(1.0, steps / self.recipe.warmup_steps)

    def _log_losses(self, step: int, elapsed_s: float) -> None:
        means = {name: float(value) / self._summed for name, value in self._sums.items()}
        self._sums, self._summed = {}, 0
        self.log(event="step", step=step + 1, elapsed_s=elapsed_s, **means)
        if not all(map(math.isfinite, means.values())):
            raise EnunciateError(
                f"training diverged before step {step + 1}: a loss is not finite. Lower rate and encoder_rate"
            )

    def _realign(self, step: int, first: bool) -> None:
        """Align again. Formant speech has exact times: its phones are aligned once, its frames never."""
        bank = self.data.bank
        clips = [i for i in self.data.learn if first or bank.labels[i].source != "formant"]
        self.log(
            event="realigned", step=step, clips=len(clips), fit=realign(self.averaged.model, bank, clips)
        )

    def _evaluate(self) -> Metrics:
        held, bank = self.data.held_out, self.data.bank
        return measure(predict_clips(self.averaged.model, bank, held), [bank.labels[i] for i in held])


def decayed(progress: float) -> float:
    """Return the share of the peak learning rate at a share of the run: a cosine from 1 to almost 0."""
    return _LAST_RATE + (1 - _LAST_RATE) * 0.5 * (1 + math.cos(math.pi * progress))


def _optimiser(recipe: PocketRecipe, model: PocketModel) -> torch.optim.Optimizer:
    """Return AdamW with the lower rate for what Whisper has, and the higher one for what is new.

    A conformer has nothing of Whisper. What only scores teach is `late`: its schedule begins when scores are
    learnt.
    """
    slow: list[nn.Parameter] = []
    fast: list[nn.Parameter] = []
    late: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        module, _, rest = name.partition(".")
        part = rest.split(".", maxsplit=1)[0]
        if module != "encoder" or part in SCORED_PARTS:
            late.append(parameter)
        else:
            (fast if part in NEW_PARTS else slow).append(parameter)
    encoder_rate = recipe.encoder_rate if isinstance(model.encoder, WhisperEncoder) else recipe.rate
    groups: list[dict[str, Any]] = [
        {"params": slow, "peak": encoder_rate, "late": False},
        {"params": fast, "peak": recipe.rate, "late": False},
        {"params": late, "peak": recipe.rate, "late": True},
    ]
    on_gpu = next(model.parameters()).device.type == "cuda"
    return torch.optim.AdamW(
        groups, lr=1e-6, weight_decay=recipe.weight_decay, betas=(0.9, 0.98), fused=on_gpu
    )
