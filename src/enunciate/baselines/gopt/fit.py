"""Fit the transformers of `gopt`: members that each leave an inner fold of speakers out, in processes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from enunciate.baselines.baseline_recipes import GoptConfig, GoptRecipe
from enunciate.baselines.gopt.assessor import FREE, READ, WORD_ACCURACY, mean_by_word
from enunciate.baselines.gopt.features import N_GOP, GopVectors
from enunciate.baselines.gopt.model import N_WORD_SCORES, Gopt, GoptEnsemble
from enunciate.baselines.listening import LabelledClip
from enunciate.baselines.predicted import Predicted
from enunciate.corpus.splits import speaker_folds
from enunciate.pocket.calibration import Calibration, Interval, calibrate, interval
from enunciate.pocket.training.export import export_module
from enunciate.pocket.weights_folder import CALIBRATION
from enunciate.schema import ASPECTS, Utterance
from enunciate.training.tensors import backward, chunks, int_list, padded, seed_all, tensor_of, update

Array = npt.NDArray[np.float64]
Said = tuple[Array, Array, Array]
"""Scores of phones (U,) from 0 to 2, of words by phone (U, 3) and of the utterance (4,) from 0 to 10."""

Trained = tuple[dict[str, Tensor], list[Said]]
"""Weights of a member, and what it says of each clip that it left out."""
_BATCHES_SORTED = 16
"""Batches are cut out of so many at a time, sorted by length."""


@dataclass(frozen=True)
class Example:
    """A clip of U phones for one transformer, labels from 0 to 2."""

    seen: GopVectors
    phone: npt.NDArray[np.float32]
    """(U,) -1 where unknown."""
    word: npt.NDArray[np.float32]
    """(U, 3) the scores of each phone's word, -1 where unknown."""
    scores: npt.NDArray[np.float32]
    """(4,) -1 where unknown."""

    @classmethod
    def read(cls, clip: LabelledClip[GopVectors]) -> Example:
        """With the text: all that is known of it."""
        word = _known(clip.word_scores)[clip.word]
        return cls(clip.read, clip.phone_scores, word, _known(clip.scores))

    @classmethod
    def heard(cls, clip: LabelledClip[GopVectors]) -> Example:
        """Without it: phones that were heard have no scores, nor have they words."""
        n = len(clip.heard.classes)
        unknown = -np.ones((n, N_WORD_SCORES), dtype=np.float32)
        return cls(clip.heard, unknown[:, 0], unknown, _known(clip.scores))


def _known(scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """From 0 to 10 and NaN, to 0 to 2 and -1."""
    return np.nan_to_num(scores / 5, nan=-1.0).astype(np.float32)


@dataclass(frozen=True)
class Batch:
    """Padded tensors of B examples, with the unknown as in `Example`."""

    classes: Tensor
    gop: Tensor
    phone: Tensor
    word: Tensor
    scores: Tensor

    def take(self, rows: Tensor) -> Batch:
        """Some rows, cut to the longest of them."""
        most = int((self.classes[rows] > 0).sum(dim=1).max())
        parts = (self.classes, self.gop, self.phone, self.word)
        classes, gop, phone, word = (part[rows, :most] for part in parts)
        return Batch(classes, gop, phone, word, self.scores[rows])


@dataclass(frozen=True)
class Job:
    """One member: what it learns from, and what it is asked about."""

    config: GoptConfig
    ensemble: GoptEnsemble
    learn: list[Example]
    held: list[Example]
    index: int
    seed: int


def collate(examples: Sequence[Example], ensemble: GoptEnsemble) -> Batch:
    """Pad examples, inputs standardised."""
    return Batch(
        padded([one.seen.classes for one in examples]),
        ensemble.standardise(padded([one.seen.gop for one in examples])),
        padded([one.phone for one in examples], -1.0),
        padded([one.word for one in examples], -1.0),
        tensor_of(np.stack([one.scores for one in examples])),
    )


def loss_of(member: Gopt, batch: Batch) -> Tensor:
    """The squared errors of phones, words and utterances, each a mean over what is known."""
    out = member(batch.classes, batch.gop, batch.classes > 0)
    pairs = ((out.phone, batch.phone), (out.word, batch.word), (out.utterance, batch.scores))
    total = torch.zeros(())
    for found, given in pairs:
        known = given >= 0
        total = total + ((found - given).square() * known).sum() / known.sum().clamp_min(1)
    return total


def train_member(member: Gopt, table: Batch, config: GoptConfig, seed: int) -> None:
    """Train one transformer on the rows of a table."""
    generator = torch.Generator().manual_seed(seed)
    rows = len(table.classes)
    steps = config.epochs * -(-rows // config.batch)
    optimizer = torch.optim.AdamW(
        member.parameters(), config.learning_rate, weight_decay=config.weight_decay, fused=True
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, steps))
    member.train()
    for _ in range(config.epochs):
        for chosen in _batches((table.classes > 0).sum(dim=1), config.batch, generator):
            loss = loss_of(member, table.take(chosen))
            optimizer.zero_grad()
            backward(loss)
            nn.utils.clip_grad_norm_(member.parameters(), 1.0)
            update(optimizer)
            schedule.step()
    member.eval()


def _batches(lengths: Tensor, size: int, generator: torch.Generator) -> list[Tensor]:
    """Every row once, in batches of like length: half of the work would be padding otherwise."""
    order = torch.randperm(len(lengths), generator=generator)
    blocks = (block[lengths[block].argsort()] for block in chunks(order, size * _BATCHES_SORTED))
    batches = [batch for block in blocks for batch in chunks(block, size)]
    return [batches[i] for i in int_list(torch.randperm(len(batches), generator=generator))]


def _rate(step: int, steps: int) -> float:
    """Up over a tenth of the steps, then down to nothing in half a cosine."""
    rise = max(1, steps // 10)
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))


def run_job(job: Job) -> Trained:
    """Train a member; its weights, and for each clip held what it says of phones, words and utterance."""
    seed_all(job.seed)
    member = job.ensemble.members[job.index]
    assert isinstance(member, Gopt)
    for out, k in zip(member.utterance_out, range(len(ASPECTS)), strict=True):
        given = np.array([one.scores[k] for one in job.learn])
        _start_at(out, float(given[given >= 0].mean()) if (given >= 0).any() else 1.0)
    train_member(member, collate(job.learn, job.ensemble), job.config, job.seed)
    with torch.no_grad():
        found = [_ask(member, collate([one], job.ensemble)) for one in job.held]
    return member.state_dict(), found


def _start_at(out: nn.Module, mean: float) -> None:
    """Begin with the mean score, so that training need not find the scale first."""
    assert isinstance(out, nn.Sequential)
    last = out[-1]
    assert isinstance(last, nn.Linear)
    nn.init.constant_(last.bias, mean)


def _ask(member: Gopt, batch: Batch) -> Said:
    out = member(batch.classes, batch.gop, None)
    phone, word, utterance = (part[0].double().numpy() for part in out)
    return np.clip(phone, 0, 2), 5 * word, np.clip(5 * utterance, 0, 10)


class GoptModel:
    """Both ensembles, and what their numbers mean."""

    def __init__(self, read: GoptEnsemble, free: GoptEnsemble, calibration: Calibration) -> None:
        self.read, self.free, self.calibration = read, free, calibration

    @torch.no_grad()
    def predict(self, clip: LabelledClip[GopVectors]) -> Predicted:
        """Scores of a clip with its text and without it."""
        (phone, utterance), (_, free) = (
            [part[0].double().numpy() for part in _inputs(ensemble, seen)][:2]
            for ensemble, seen in ((self.read, clip.read), (self.free, clip.heard))
        )
        return Predicted(np.clip(utterance, 0, 10), np.clip(free, 0, 10), np.clip(phone, 0, 2))

    def save(self, folder: Path) -> None:
        """Write all three."""
        for ensemble, name in ((self.read, READ), (self.free, FREE)):
            _export(ensemble, folder / name)
        text = self.calibration.model_dump_json(indent=1) + "\n"
        (folder / CALIBRATION).write_text(text, encoding="utf-8")


def _inputs(ensemble: GoptEnsemble, seen: GopVectors) -> tuple[Tensor, ...]:
    return ensemble(tensor_of(seen.classes)[None], tensor_of(seen.gop)[None])


def _export(ensemble: GoptEnsemble, path: Path) -> None:
    phones = torch.export.Dim("phones", min=2, max=1_900)
    example = (torch.ones(1, 7, dtype=torch.int64), torch.randn(1, 7, N_GOP))
    outputs = ["phone_scores", "scores", *(["word_scores"] if ensemble.words else [])]
    export_module(ensemble.eval(), example, path, ["classes", "gop"], outputs, ({1: phones}, {1: phones}))


def fit_gopt(
    clips: Sequence[LabelledClip[GopVectors]],
    utterances: Sequence[Utterance],
    recipe: GoptRecipe,
    seed: int,
) -> GoptModel:
    """Fit both ensembles; threshold and intervals come from speakers that a member left out."""
    folds = speaker_folds(utterances, recipe.members, seed)
    read, reading = _prepare([Example.read(clip) for clip in clips], folds, recipe, seed)
    free, hearing = _prepare([Example.heard(clip) for clip in clips], folds, recipe, seed)
    done = _run_jobs([*reading, *hearing], recipe.workers)
    by_reading = _assemble(read, folds, done[: len(folds)])
    by_hearing = _assemble(free, folds, done[len(folds) :])
    phones = [said[0] for said in by_reading]
    calibration = calibrate(
        clips,
        phones,
        [1 - phone / 2 for phone in phones],
        [said[2] for said in by_reading],
        [said[2] for said in by_hearing],
    )
    if read.words:
        word = _word_interval(clips, [said[1] for said in by_reading])
        calibration = calibration.model_copy(update={"word": word})
    return GoptModel(read, free, calibration)


def _word_interval(clips: Sequence[LabelledClip[GopVectors]], said: Sequence[Array]) -> Interval:
    """Of learnt word scores, against those that people gave."""
    found = np.concatenate(
        [mean_by_word(values[:, WORD_ACCURACY], clip.word) for clip, values in zip(clips, said, strict=True)]
    )
    given = np.concatenate([clip.word_scores[:, WORD_ACCURACY] for clip in clips]).astype(np.float64)
    known = np.isfinite(given)
    return interval(found[known], given[known], 10.0)


def _prepare(
    examples: Sequence[Example], folds: Sequence[Sequence[int]], recipe: GoptRecipe, seed: int
) -> tuple[GoptEnsemble, list[Job]]:
    """An untrained ensemble, and a job for each of its members."""
    seed_all(seed)
    words = any((one.word >= 0).any() for one in examples)
    ensemble = GoptEnsemble(recipe.network, recipe.members, words=words)
    gop = np.concatenate([one.seen.gop for one in examples])
    ensemble.mean.copy_(tensor_of(gop.mean(axis=0)))
    ensemble.scale.copy_(tensor_of(gop.std(axis=0) + 1e-4))
    jobs: list[Job] = []
    for number, fold in enumerate(folds):
        learn = [examples[index] for index in sorted(set(range(len(examples))) - set(fold))]
        held = [examples[index] for index in fold]
        jobs.append(Job(recipe.network, ensemble, learn, held, number, seed * 100 + number))
    return ensemble, jobs


def _assemble(ensemble: GoptEnsemble, folds: Sequence[Sequence[int]], done: Sequence[Trained]) -> list[Said]:
    """Put the weights in place; for each clip, what the member that left its speaker out says of it."""
    said: dict[int, Said] = {}
    for member, fold, (weights, found) in zip(ensemble.members, folds, done, strict=True):
        member.load_state_dict(weights)
        said |= dict(zip(fold, found, strict=True))
    ensemble.eval()
    return [said[index] for index in range(len(said))]


def _run_jobs(jobs: Sequence[Job], workers: int) -> list[Trained]:
    if workers == 1:
        return [run_job(job) for job in jobs]
    # Processes of their own from the start: threads of torch do not survive a fork.
    with ProcessPoolExecutor(workers, get_context("spawn"), torch.set_num_threads, (1,)) as pool:
        return list(pool.map(run_job, jobs))
