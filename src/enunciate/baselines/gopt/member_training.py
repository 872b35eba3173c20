"""Train one transformer of `gopt`, the member of an ensemble."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from enunciate.baselines.baseline_recipes import GoptConfig
from enunciate.baselines.gopt.model import Gopt, GoptEnsemble
from enunciate.baselines.gopt.training_data import GoptBatch, GoptExample, collate
from enunciate.schema import ASPECTS
from enunciate.training.optimise import optimise

Array = npt.NDArray[np.float64]
MemberScores = tuple[Array, Array, Array]
"""Predicted scores: of phones (U,) from 0 to 2, of their words (U, 3) and the utterance (4,) from 0 to 10."""
TrainedMember = tuple[dict[str, Tensor], list[MemberScores]]
"""The weights of a member, and its predictions for each clip that it left out."""
_BATCHES_SORTED = 16
"""The number of batches among which clips are sorted by length."""


@dataclass(frozen=True)
class MemberJob:
    """The training of one member, and the clips that it predicts afterwards."""

    config: GoptConfig
    ensemble: GoptEnsemble
    learn: list[GoptExample]
    left_out: list[GoptExample]
    index: int
    """The member's index in the ensemble."""
    seed: int


def loss_of(member: Gopt, batch: GoptBatch) -> Tensor:
    """Return the sum of the mean squared errors of phones, words and utterances, over known labels."""
    out = member(batch.classes, batch.gop, batch.classes > 0)
    pairs = ((out.phone, batch.phone), (out.word, batch.word), (out.utterance, batch.scores))
    total = torch.zeros(())
    for predicted, label in pairs:
        known = label >= 0
        total = total + ((predicted - label).square() * known).sum() / known.sum().clamp_min(1)
    return total


def train_member(member: Gopt, table: GoptBatch, config: GoptConfig, seed: int) -> None:
    """Train one transformer on the rows of a table."""
    generator = torch.Generator().manual_seed(seed)
    rows = len(table.classes)
    steps = config.epochs * -(-rows // config.batch)
    optimizer = torch.optim.AdamW(
        member.parameters(), config.learning_rate, weight_decay=config.weight_decay, fused=True
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, steps))

    def losses() -> Iterator[Tensor]:
        for _ in range(config.epochs):
            for chosen in _batches((table.classes > 0).sum(dim=1), config.batch, generator):
                yield loss_of(member, table.take(chosen))

    optimise(member, losses(), optimizer, schedule)


def _batches(lengths: Tensor, size: int, generator: torch.Generator) -> list[Tensor]:
    """Cut all rows into batches of similar length; otherwise half of the work would be padding."""
    order = torch.randperm(len(lengths), generator=generator)
    blocks = (block[lengths[block].argsort()] for block in torch.split(order, size * _BATCHES_SORTED))
    batches = [batch for block in blocks for batch in torch.split(block, size)]
    return [batches[i] for i in torch.randperm(len(batches), generator=generator).numpy().tolist()]


def _rate(step: int, steps: int) -> float:
    """Rise linearly over a tenth of the steps, then fall to 0 along half a cosine."""
    warmup = max(1, steps // 10)
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


def train_job(job: MemberJob) -> TrainedMember:
    """Train a member, and predict the scores of the clips that it left out."""
    torch.manual_seed(job.seed)
    member = job.ensemble.members[job.index]
    assert isinstance(member, Gopt)
    for out, k in zip(member.utterance_out, range(len(ASPECTS)), strict=True):
        labels = np.array([one.scores[k] for one in job.learn])
        _start_at(out, float(labels[labels >= 0].mean()) if (labels >= 0).any() else 1.0)
    train_member(member, collate(job.learn, job.ensemble), job.config, job.seed)
    with torch.no_grad():
        predictions = [_predict(member, collate([one], job.ensemble)) for one in job.left_out]
    return member.state_dict(), predictions


def _start_at(out: nn.Module, mean: float) -> None:
    """Start from the mean score, so that training need not find the scale first."""
    assert isinstance(out, nn.Sequential)
    last = out[-1]
    assert isinstance(last, nn.Linear)
    nn.init.constant_(last.bias, mean)


def _predict(member: Gopt, batch: GoptBatch) -> MemberScores:
    out = member(batch.classes, batch.gop, None)
    phone, word, utterance = (part[0].double().numpy() for part in out)
    return np.clip(phone, 0, 2), 5 * word, np.clip(5 * utterance, 0, 10)
