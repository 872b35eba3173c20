"""Train the scorer on a recogniser's outputs, with nested cross-validation over speakers.

Outer folds give the figures that are reported: every test speaker is scored by an ensemble that never saw that
speaker. Inside, each member of an ensemble leaves out one inner fold of speakers, and what the members say of the
speakers that they left out sets everything that must not be set on training data: the threshold at which a phone
counts as mispronounced, and the tables of 90% intervals. What ships is the same procedure on all speakers.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from enunciate.acoustic.calibration import Calibration, calibrate
from enunciate.acoustic.configs import ScorerConfig
from enunciate.acoustic.ctc import save_phone_model, train_phone_model
from enunciate.acoustic.export import export_encoder, export_scorer, load_recogniser
from enunciate.acoustic.folder import CALIBRATION, DESCRIPTION, ENCODER, PHONE_MODEL, SCORER
from enunciate.acoustic.quality import QualityHead
from enunciate.acoustic.recipe import ScorerRecipe
from enunciate.acoustic.scorer import Ensemble, Scored, Scorer
from enunciate.acoustic.scorer_data import ScoredClip, load_clips
from enunciate.acoustic.symbols import classes_of
from enunciate.acoustic.train_recogniser import Recogniser
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.corpus.splits import speaker_folds
from enunciate.schema import ASPECTS, MISPRONOUNCED_BELOW, Utterance



@dataclass(frozen=True)
class Predicted:
    """Predictions for one clip."""

    phone: npt.NDArray[np.float64]
    """(U,) scores, 0 to 2."""
    wrong: npt.NDArray[np.float64]
    """(U,) probability of a mispronunciation."""
    utterance: npt.NDArray[np.float64]
    """(4,) scores, 0 to 10."""


@dataclass(frozen=True)
class Batch:
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


def collate(clips: Sequence[ScoredClip], ensemble: Ensemble) -> Batch:
    """Pad clips into tensors, features standardised, the frozen quality head applied."""
    most = max(len(clip.features.classes) for clip in clips)

    def pad(arrays: Sequence[npt.NDArray[Any]], fill: float = 0.0) -> Tensor:
        padded = [np.pad(a, [(0, most - len(a))] + [(0, 0)] * (a.ndim - 1), constant_values=fill) for a in arrays]
        return torch.from_numpy(np.stack(padded))

    classes = pad([c.features.classes for c in clips])
    quality = pad([c.features.quality for c in clips])
    with torch.no_grad():
        phone, utterance = ensemble.standardise(
            pad([c.features.phone for c in clips]), torch.from_numpy(np.stack([c.features.utterance for c in clips]))
        )
        head = ensemble.quality(quality, classes)
    phone_scores = pad([c.phone_scores for c in clips], -1.0)
    scores = torch.from_numpy(np.stack([c.scores for c in clips]))
    return Batch(classes, phone, quality, head, utterance, classes > 0, phone_scores, scores)


def take(table: Batch, rows: Tensor) -> Batch:
    """Some rows of a table, cut to the longest of them."""
    most = int(table.real[rows].sum(dim=1).max())
    per_phone = (table.classes, table.phone, table.quality, table.head)
    classes, phone, quality, head = (tensor[rows, :most] for tensor in per_phone)
    real, phone_scores = table.real[rows, :most], table.phone_scores[rows, :most]
    return Batch(classes, phone, quality, head, table.utterance[rows], real, phone_scores, table.scores[rows])


def loss_of(out: Scored, batch: Batch, config: ScorerConfig) -> Tensor:
    """Squared error of scores at both levels, cross-entropy of the mispronunciation flags."""
    known = batch.phone_scores >= 0
    target = batch.phone_scores.clamp_min(0) / 2
    wrong = (batch.phone_scores < MISPRONOUNCED_BELOW).float()
    regression = (out.phone - target).square()
    detection = functional.binary_cross_entropy_with_logits(out.wrong, wrong, reduction="none")
    phones = ((4 * regression + detection) * known).sum() / known.sum().clamp_min(1)
    labelled = ~batch.scores.isnan()
    error = (out.utterance - batch.scores.nan_to_num() / 10).square() * labelled
    return config.phone_weight * phones + 20 * error.sum() / labelled.sum().clamp_min(1)


def _run(member: Scorer, batch: Batch) -> Scored:
    return member(batch.classes, batch.phone, batch.quality, batch.head, batch.utterance, batch.real)


def train_member(member: Scorer, table: Batch, config: ScorerConfig, seed: int) -> None:
    """Train one member on the rows of a table."""
    generator = torch.Generator().manual_seed(seed)
    rows = len(table.classes)
    optimizer = torch.optim.AdamW(member.parameters(), config.learning_rate, weight_decay=config.weight_decay)
    steps = config.epochs * -(-rows // config.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, config.learning_rate, total_steps=steps, pct_start=0.1)
    member.train()
    for _ in range(config.epochs):
        for chosen in torch.randperm(rows, generator=generator).split(config.batch):
            batch = take(table, chosen)
            loss = loss_of(_run(member, batch), batch, config)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(member.parameters(), 1.0)
            optimizer.step()
            schedule.step()
    member.eval()


@torch.no_grad()
def predict(members: Sequence[Scorer], table: Batch) -> list[Predicted]:
    """Average the members' predictions for each row of a table."""
    found: list[Predicted] = []
    for rows in torch.arange(len(table.classes)).split(64):
        batch = take(table, rows)
        outs = [_run(member, batch) for member in members]
        phone, wrong, utterance = (torch.stack(parts).mean(dim=0).double() for parts in zip(*outs, strict=True))
        for row, n in enumerate(batch.real.sum(dim=1).tolist()):
            found.append(
                Predicted(
                    (2 * phone[row, :n]).clamp(0, 2).numpy(),
                    wrong[row, :n].sigmoid().numpy(),
                    (10 * utterance[row]).clamp(0, 10).numpy(),
                )
            )
    return found


def standardised(clips: Sequence[ScoredClip], config: ScorerConfig, head: QualityHead, members: int) -> Ensemble:
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
    clips: Sequence[ScoredClip], utterances: Sequence[Utterance], config: ScorerConfig, head: QualityHead, seed: int
) -> tuple[Ensemble, Calibration]:
    """Train an ensemble, one member for each inner fold left out, and calibrate it on what was left out."""
    folds = speaker_folds(utterances, config.members, seed)
    torch.manual_seed(seed)
    ensemble = standardised(clips, config, head, config.members)
    means = np.nanmean(np.stack([clip.scores for clip in clips]), axis=0) / 10
    left_out: list[Predicted | None] = [None] * len(clips)
    table = collate(clips, ensemble)
    for index, fold in enumerate(folds):
        member = ensemble.members[index]
        assert isinstance(member, Scorer)
        member.start_at(means.tolist())
        learn = torch.tensor(sorted(set(range(len(clips))) - set(fold)))
        train_member(member, take(table, learn), config, seed * 100 + index)
        for position, found in zip(fold, predict([member], take(table, torch.tensor(fold))), strict=True):
            left_out[position] = found
    complete = [found for found in left_out if found is not None]
    return ensemble, calibrate(clips, [f.phone for f in complete], [f.wrong for f in complete], [f.utterance for f in complete])


@dataclass(frozen=True)
class FoldJob:
    """One outer fold: what to learn from, and where to put the model that never saw `held`."""

    clips: list[ScoredClip]
    utterances: list[Utterance]
    held: list[int]
    recipe: ScorerRecipe
    recogniser: Recogniser
    number: int


def _outer_fold(job: FoldJob) -> list[Predicted]:
    torch.set_num_threads(1)
    learn = sorted(set(range(len(job.clips))) - set(job.held))
    clips, utterances = [job.clips[i] for i in learn], [job.utterances[i] for i in learn]
    seed = job.recipe.seed + 1 + job.number
    ensemble, calibration = fit(clips, utterances, job.recipe.scorer, job.recogniser.quality, seed)
    folder = job.recipe.out / "folds" / str(job.number)
    write_folder(folder, ensemble, calibration, job)
    (folder / "held_out.json").write_text(json.dumps([job.utterances[i].id for i in job.held]))
    members = [m for m in ensemble.members if isinstance(m, Scorer)]
    return predict(members, collate([job.clips[i] for i in job.held], ensemble))


def write_folder(folder: Path, ensemble: Ensemble, calibration: Calibration, job: FoldJob) -> None:
    """Write scorer, calibration and description beside copies of the rest: what `load_assessor` reads."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in (ENCODER, PHONE_MODEL):
        if folder != job.recipe.out:
            shutil.copyfile(job.recipe.out / name, folder / name)
    export_scorer(ensemble, job.recogniser.encoder.config.quality_width, folder / SCORER)
    (folder / CALIBRATION).write_text(calibration.model_dump_json(indent=1) + "\n")
    (folder / DESCRIPTION).write_text(json.dumps({"name": "pocket", "version": job.recipe.version}) + "\n")


def pooled_correlations(clips: Sequence[ScoredClip], predicted: Sequence[Predicted]) -> dict[str, float]:
    """Pooled PCC for each aspect and for phones."""
    human, found = np.stack([c.scores for c in clips]), np.stack([p.utterance for p in predicted])
    pcc = {aspect: float(np.corrcoef(human[:, k], found[:, k])[0, 1]) for k, aspect in enumerate(ASPECTS)}
    phones = np.concatenate([c.phone_scores for c in clips]), np.concatenate([p.phone for p in predicted])
    return pcc | {"phone": float(np.corrcoef(*phones)[0, 1])}


def train(recipe: ScorerRecipe) -> dict[str, float]:
    """Run a recipe: cross-validate, then train on every speaker, and write a folder that `load_assessor` reads.

    The model of each outer fold is written to `folds/`, so that it can be evaluated as the shipped one is.
    """
    recipe.out.mkdir(parents=True, exist_ok=True)
    recogniser = load_recogniser(recipe.recogniser)
    export_encoder(recogniser, recipe.out / ENCODER)
    read = load_corpus(recipe.corpus, "train")  # never the test texts: recognition is measured on them
    sequences = [[label for word in u.words or () for label in classes_of(word.phones)] for u in read]
    save_phone_model(train_phone_model(sequences), recipe.out / PHONE_MODEL)
    utterances = [u for u in load_corpus(recipe.corpus, "test") if u.scores is not None]
    clips = load_clips(utterances, recipe.out / ENCODER, recipe.workers)
    metrics: dict[str, float] = {}
    folds = speaker_folds(utterances, recipe.folds, recipe.seed)
    jobs = [FoldJob(clips, utterances, held, recipe, recogniser, number) for number, held in enumerate(folds)]
    if recipe.cross_validate:
        with ProcessPoolExecutor(recipe.workers) as workers:
            predicted = [one for fold in workers.map(_outer_fold, jobs) for one in fold]
        metrics = pooled_correlations([clips[i] for fold in folds for i in fold], predicted)
        (recipe.out / "cross_validation.json").write_text(json.dumps(metrics, indent=1) + "\n")
    ensemble, calibration = fit(clips, utterances, recipe.scorer, recogniser.quality, recipe.seed)
    write_folder(recipe.out, ensemble, calibration, jobs[0])
    return metrics
