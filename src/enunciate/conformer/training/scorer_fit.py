"""Fit the scorer's ensemble to clips: batches, losses, and members that each leave an inner fold out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from enunciate.conformer.training.options import ScorerConfig
from enunciate.conformer.training.quality_head import QualityHead, phone_loss
from enunciate.conformer.training.scorer import Ensemble, Scored, Scorer
from enunciate.conformer.training.scorer_data import ScoredClip
from enunciate.corpus.splits import speaker_folds
from enunciate.schema import Utterance
from enunciate.training.optimise import optimise
from enunciate.training.padding import padded


@dataclass(frozen=True)
class ScorerPrediction:
    """Predictions for one clip."""

    phone: npt.NDArray[np.float64]
    """(U,) scores, 0 to 2."""
    wrong: npt.NDArray[np.float64]
    """(U,) probability of a mispronunciation."""
    utterance: npt.NDArray[np.float64]
    """(4,) scores, 0 to 10."""


@dataclass(frozen=True)
class ScorerBatch:
    """Padded tensors of B clips."""

    classes: Tensor
    phone: Tensor
    quality: Tensor
    head: Tensor
    utterance: Tensor
    real: Tensor
    phone_scores: Tensor
    """(B, U), -1 where unknown."""
    scores: Tensor
    """(B, 4), NaN where unknown."""


def collate(clips: Sequence[ScoredClip], ensemble: Ensemble) -> ScorerBatch:
    """Pad clips into tensors, features standardised, the frozen quality head applied."""
    classes = padded([c.features.classes for c in clips])
    quality = padded([c.features.quality for c in clips])
    with torch.no_grad():
        phone, utterance = ensemble.standardise(
            padded([c.features.phone for c in clips]),
            torch.from_numpy(np.stack([c.features.utterance for c in clips])),
        )
        head = ensemble.quality(quality, classes)
    phone_scores = padded([c.phone_scores for c in clips], -1.0)
    scores = torch.from_numpy(np.stack([c.scores for c in clips]))
    return ScorerBatch(classes, phone, quality, head, utterance, classes > 0, phone_scores, scores)


def take(table: ScorerBatch, rows: Tensor) -> ScorerBatch:
    """Some rows of a table, cut to the longest of them."""
    most = int(table.real[rows].sum(dim=1).max())
    per_phone = (table.classes, table.phone, table.quality, table.head)
    classes, phone, quality, head = (tensor[rows, :most] for tensor in per_phone)
    real, phone_scores = table.real[rows, :most], table.phone_scores[rows, :most]
    return ScorerBatch(
        classes, phone, quality, head, table.utterance[rows], real, phone_scores, table.scores[rows]
    )


def loss_of(out: Scored, batch: ScorerBatch, config: ScorerConfig) -> Tensor:
    """Squared error of scores at both levels, cross-entropy of the mispronunciation flags."""
    phones = phone_loss(out.phone, out.wrong, batch.phone_scores, batch.phone_scores >= 0)
    labelled = ~batch.scores.isnan()
    error = (out.utterance - batch.scores.nan_to_num() / 10).square() * labelled
    return config.phone_weight * phones + 20 * error.sum() / labelled.sum().clamp_min(1)


def _run(member: Scorer, batch: ScorerBatch) -> Scored:
    return member(batch.classes, batch.phone, batch.quality, batch.head, batch.utterance, batch.real)


def train_member(member: Scorer, table: ScorerBatch, config: ScorerConfig, seed: int) -> None:
    """Train one member on the rows of a table."""
    generator = torch.Generator().manual_seed(seed)
    rows = len(table.classes)
    optimizer = torch.optim.AdamW(member.parameters(), config.learning_rate, weight_decay=config.weight_decay)
    steps = config.epochs * -(-rows // config.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, config.learning_rate, total_steps=steps, pct_start=0.1
    )

    def losses() -> Iterator[Tensor]:
        for _ in range(config.epochs):
            for chosen in torch.split(torch.randperm(rows, generator=generator), config.batch):
                batch = take(table, chosen)
                yield loss_of(_run(member, batch), batch, config)

    optimise(member, losses(), optimizer, schedule)


@torch.no_grad()
def predict(members: Sequence[Scorer], table: ScorerBatch) -> list[ScorerPrediction]:
    """Average the members' predictions for each row of a table."""
    found: list[ScorerPrediction] = []
    for rows in torch.split(torch.arange(len(table.classes)), 64):
        batch = take(table, rows)
        outs = [_run(member, batch) for member in members]
        phone, wrong, utterance = (
            torch.stack(parts).mean(dim=0).double() for parts in zip(*outs, strict=True)
        )
        for row, n in enumerate(batch.real.sum(dim=1).numpy().tolist()):
            found.append(
                ScorerPrediction(
                    (2 * phone[row, :n]).clamp(0, 2).numpy(),
                    wrong[row, :n].sigmoid().numpy(),
                    (10 * utterance[row]).clamp(0, 10).numpy(),
                )
            )
    return found


def standardised(
    clips: Sequence[ScoredClip], config: ScorerConfig, head: QualityHead, members: int
) -> Ensemble:
    """An untrained ensemble with the standardisation of these clips and a recogniser's quality head."""
    phone = np.concatenate([clip.features.phone for clip in clips])
    utterance = np.stack([clip.features.utterance for clip in clips])
    ensemble = Ensemble(config, clips[0].features.quality.shape[1], members)
    ensemble.quality.load_state_dict(head.state_dict())
    for name, values in (("phone", phone), ("utterance", utterance)):
        getattr(ensemble, f"{name}_mean").copy_(torch.from_numpy(values.mean(axis=0)))
        getattr(ensemble, f"{name}_scale").copy_(torch.from_numpy(values.std(axis=0) + 1e-4))
    return ensemble.eval()


def fit(
    clips: Sequence[ScoredClip],
    utterances: Sequence[Utterance],
    synthetic: Sequence[ScoredClip],
    config: ScorerConfig,
    head: QualityHead,
    seed: int,
) -> tuple[Ensemble, list[ScorerPrediction]]:
    """Train an ensemble, one member for each inner fold left out; also what each says of what it left out.

    Synthetic clips, mispronounced on purpose, teach every member what a plainly wrong phone looks like; they
    have no part in standardisation and calibration.
    """
    folds = speaker_folds(utterances, config.members, seed)
    torch.manual_seed(seed)
    ensemble = standardised(clips, config, head, config.members)
    means = np.nanmean(np.stack([clip.scores for clip in clips]), axis=0) / 10
    left_out: list[ScorerPrediction | None] = [None] * len(clips)
    table = collate([*clips, *synthetic], ensemble)
    for index, fold in enumerate(folds):
        member = ensemble.members[index]
        assert isinstance(member, Scorer)
        member.start_at(means.tolist())
        learn = torch.tensor(sorted(set(range(len(table.classes))) - set(fold)))
        train_member(member, take(table, learn), config, seed * 100 + index)
        for position, found in zip(fold, predict([member], take(table, torch.tensor(fold))), strict=True):
            left_out[position] = found
    return ensemble, [found for found in left_out if found is not None]
