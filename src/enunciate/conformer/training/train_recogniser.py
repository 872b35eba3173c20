"""Train the phone recogniser: CTC on everything, frame and quality losses on what is aligned.

Synthetic clips come with exact times and teach the frame head first; after some of the steps the recordings
are aligned with it, and from then on they train the frame head and, with their human phone scores, the
quality head.

A run can go on from a trained model (`start`), and can train a model for each fold of the labelled speakers
beside the one that learns from all (`folds`).
"""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import torch

from enunciate.conformer.training.augment import augment
from enunciate.conformer.training.bank_alignment import align_recordings
from enunciate.conformer.training.conformer_recipes import RecogniserRecipe
from enunciate.conformer.training.feature_bank import Bank, BatchDraw, TrainingClip, draw_batches
from enunciate.conformer.training.master_weights import MasterWeights
from enunciate.conformer.training.prepare import recordings, synthetic_clips
from enunciate.conformer.training.recogniser import (
    Recogniser,
    RecogniserLosses,
    load_recogniser,
    losses_of,
    save_recogniser,
)
from enunciate.conformer.training.recogniser_report import report_on
from enunciate.conformer.weights_folder import FOLDS, HELD_OUT
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.corpus.splits import speaker_folds
from enunciate.errors import EnunciateError, RecipeError
from enunciate.schema import Utterance
from enunciate.storage import event_log
from enunciate.torch_device import pick_device


class RecogniserTrainer:
    """One run: model, data and schedule."""

    def __init__(
        self, recipe: RecogniserRecipe, bank: Bank, workers: ProcessPoolExecutor, log: Callable[..., None]
    ) -> None:
        self.recipe, self.bank, self.workers, self.log = recipe, bank, workers, log
        self.device = bank.device
        torch.manual_seed(recipe.seed)
        self.model = _begin(recipe).to(self.device)
        self.ema = copy.deepcopy(self.model).eval().requires_grad_(requires_grad=False)
        trained = {name: p for name, p in self.model.named_parameters() if p.requires_grad}
        averaged = [self.ema.get_parameter(name) for name in trained]
        self.weights = MasterWeights(
            list(trained.values()), averaged, recipe.learning_rate, recipe.weight_decay
        )
        if self.device.type == "cuda":
            self.model.to(torch.bfloat16)
        self.rng = np.random.default_rng(recipe.seed)

    def step(self, draw: BatchDraw, rate: float, ema_decay: float) -> RecogniserLosses:
        """One optimiser step."""
        recipe = self.recipe
        batch = self.bank.cut(draw)
        features = augment(batch.features, batch.lengths, batch.synthetic, recipe.augment)
        losses = losses_of(self.model, batch, features)
        total = (
            losses.ctc
            + recipe.middle_weight * losses.middle
            + recipe.frame_weight * losses.frame
            + recipe.quality_weight * losses.quality
        )
        self.model.zero_grad()
        total.backward()
        self.weights.step(rate, ema_decay)
        return losses

    def run(self, evaluate: Callable[[int], float]) -> None:
        """Train to the last step or the time limit, whichever comes first."""
        recipe, began = self.recipe, time.monotonic()
        progress = 0.0
        first, last = recipe.synthetic_share
        batches = draw_batches(
            self.bank,
            recipe.batch_frames,
            recipe.augment.tempo,
            lambda: first + (last - first) * progress,
            self.rng,
        )
        align_steps = {int(share * recipe.steps) for share in recipe.align_at}
        self.model.train()
        for step in range(recipe.steps):
            progress = max(step / recipe.steps, (time.monotonic() - began) / recipe.time_limit_s)
            if progress >= 1:
                self.log(event="time_limit", step=step)
                break
            warm = min(1.0, (step + 1) / max(1, recipe.warmup_steps))
            rate = recipe.learning_rate * warm * 0.5 * (1 + np.cos(np.pi * progress))
            losses = self.step(next(batches), float(rate), min(recipe.ema_decay, (step + 1) / (step + 10)))
            if step in align_steps:
                align_recordings(self.ema, self.bank, self.workers, self.log)
            if step % 100 == 0:
                values = {name: round(float(value.detach()), 4) for name, value in vars(losses).items()}
                self.log(event="step", step=step, rate=rate, elapsed_s=time.monotonic() - began, **values)
            if step and step % max(1, recipe.steps // 4) == 0:
                rate_of_errors = evaluate(step)
                if rate_of_errors > 0.9 and recipe.steps >= 1000:
                    raise EnunciateError(
                        f"training does not converge: PER {rate_of_errors:.2f} at step {step}"
                    )


def _begin(recipe: RecogniserRecipe) -> Recogniser:
    if recipe.start is None:
        return Recogniser(recipe.encoder)
    model = load_recogniser(recipe.start).train()
    model.quality.requires_grad_(requires_grad=False)
    return model


def folds_of(utterances: list[Utterance], recipe: RecogniserRecipe) -> list[list[int]]:
    """For each fold the indices of the labelled utterances that its model must not see."""
    if recipe.folds < 2:
        return []
    labelled = [index for index, u in enumerate(utterances) if u.scores is not None]
    folds = speaker_folds([utterances[index] for index in labelled], recipe.folds, recipe.seed)
    return [[labelled[position] for position in fold] for fold in folds]


def train(recipe: RecogniserRecipe) -> dict[str, float]:
    """Run a recipe; writes weights, configuration, `log.jsonl` and `metrics.json` to `recipe.out`."""
    recipe.out.mkdir(parents=True, exist_ok=True)
    log = event_log(recipe.out / "log.jsonl")
    if recipe.split == "none" and recipe.synthetic is None:
        raise RecipeError(str(recipe.out), ["synthetic: split 'none' learns from synthetic speech alone"])
    utterances = [] if recipe.split == "none" else load_corpus(recipe.corpus, recipe.split)
    unseen = load_corpus(recipe.corpus, "test") if recipe.split == "train" else []
    folds = folds_of(utterances, recipe)
    with ProcessPoolExecutor(recipe.workers) as workers:  # forked before the device is touched
        clips = recordings(utterances, workers)
        reported = recordings(unseen, workers)
        made = synthetic_clips(recipe.synthetic, workers) if recipe.synthetic else []
        hours = sum(len(clip.features) for clip in made) / 360_000
        log(event="data", recordings=len(clips), reported=len(reported), synthetic=len(made), hours=hours)
        metrics = _train(recipe, [*clips, *made], reported, workers, log)
        for number, held in enumerate(folds):
            folder = recipe.out / FOLDS / str(number)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / HELD_OUT).write_text(json.dumps([utterances[index].id for index in held]))
            left_out = set(held)
            learn = [clip for index, clip in enumerate(clips) if index not in left_out]
            fold = recipe.model_copy(update={"out": folder})
            found = _train(fold, [*learn, *made], [clips[index] for index in held], workers, log)
            metrics |= {f"fold_{number}_{name}": value for name, value in found.items()}
    (recipe.out / "metrics.json").write_text(json.dumps(metrics, indent=1))
    return metrics


def _train(
    recipe: RecogniserRecipe,
    clips: list[TrainingClip],
    reported: list[TrainingClip],
    workers: ProcessPoolExecutor,
    log: Callable[..., None],
) -> dict[str, float]:
    device = pick_device(recipe.device)
    trainer = RecogniserTrainer(recipe, Bank(clips, device), workers, log)
    report_bank = Bank(reported, device) if reported else None

    def evaluate(step: int) -> float:
        if report_bank is None:
            return 0.0
        found = report_on(trainer.ema, report_bank, range(0, len(reported), 4), workers)
        log(event="report", step=step, on="every fourth held-out clip", **vars(found))
        return found.per

    trainer.run(evaluate)
    metrics = {"reported_utterances": float(len(reported))}
    if report_bank is not None:
        metrics |= vars(report_on(trainer.ema, report_bank, range(len(reported)), workers))
    log(event="done", **metrics)
    save_recogniser(trainer.ema, recipe.out)
    (recipe.out / "recipe.json").write_text(recipe.model_dump_json(indent=1))
    return metrics
