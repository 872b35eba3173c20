"""Fit `gopt`: ensembles of transformers, each trained without one inner fold of speakers, in processes."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch

from enunciate.baselines.baseline_recipes import GoptRecipe
from enunciate.baselines.calibrate import calibrate
from enunciate.baselines.clip_prediction import BaselinePrediction
from enunciate.baselines.gopt.assessor import (
    GOPT,
    GOPT_WITHOUT_REFERENCE,
    WORD_ACCURACY,
    mean_by_word,
)
from enunciate.baselines.gopt.features import N_GOP, GopVectors
from enunciate.baselines.gopt.member_training import (
    Array,
    MemberJob,
    MemberScores,
    TrainedMember,
    train_job,
)
from enunciate.baselines.gopt.model import GoptEnsemble
from enunciate.baselines.gopt.training_data import GoptExample
from enunciate.baselines.labelled_clip import LabelledClip
from enunciate.corpus.splits import speaker_folds
from enunciate.pocket.calibration import Calibration, IntervalTable, known_interval
from enunciate.pocket.training.export import export_module
from enunciate.pocket.weights_folder import CALIBRATION
from enunciate.schema import Utterance


class GoptModel:
    """An ensemble for clips with a reference text, one for the others, and their calibration."""

    def __init__(
        self, with_reference: GoptEnsemble, without_reference: GoptEnsemble, calibration: Calibration
    ) -> None:
        self.with_reference, self.without_reference = with_reference, without_reference
        self.calibration = calibration

    def predict(self, clip: LabelledClip[GopVectors]) -> BaselinePrediction:
        """Predict the scores of a clip, with its reference text and without it."""
        phone, utterance = _outputs(self.with_reference, clip.with_reference)[:2]
        _, without_reference = _outputs(self.without_reference, clip.without_reference)[:2]
        return BaselinePrediction(
            np.clip(utterance, 0, 10), np.clip(without_reference, 0, 10), np.clip(phone, 0, 2)
        )

    def save(self, folder: Path) -> None:
        """Write all three into a folder."""
        _export(self.with_reference, folder / GOPT)
        _export(self.without_reference, folder / GOPT_WITHOUT_REFERENCE)
        text = self.calibration.model_dump_json(indent=1) + "\n"
        (folder / CALIBRATION).write_text(text, encoding="utf-8")


@torch.no_grad()
def _outputs(ensemble: GoptEnsemble, vectors: GopVectors) -> list[Array]:
    outputs = ensemble(torch.from_numpy(vectors.classes)[None], torch.from_numpy(vectors.gop)[None])
    return [output[0].double().numpy() for output in outputs]


def _export(ensemble: GoptEnsemble, path: Path) -> None:
    phones = torch.export.Dim("phones", min=2, max=1_900)
    example = (torch.ones(1, 7, dtype=torch.int64), torch.randn(1, 7, N_GOP))
    outputs = ["phone_scores", "scores", *(["word_scores"] if ensemble.words else [])]
    export_module(ensemble, example, path, ["classes", "gop"], outputs, ({1: phones}, {1: phones}))


def fit_gopt(
    clips: Sequence[LabelledClip[GopVectors]],
    utterances: Sequence[Utterance],
    recipe: GoptRecipe,
    seed: int,
) -> GoptModel:
    """Fit both ensembles; calibrate on predictions for the speakers that each member left out."""
    folds = speaker_folds(utterances, recipe.members, seed)
    with_reference = [GoptExample.with_reference(clip) for clip in clips]
    without_reference = [GoptExample.without_reference(clip) for clip in clips]
    ensemble, jobs = _prepare(with_reference, folds, recipe, seed)
    other_ensemble, other_jobs = _prepare(without_reference, folds, recipe, seed)
    trained = _run_jobs([*jobs, *other_jobs], recipe.workers)
    predictions = _assemble(ensemble, folds, trained[: len(folds)])
    other_predictions = _assemble(other_ensemble, folds, trained[len(folds) :])
    calibration = calibrate(
        clips,
        [phone for phone, _, _ in predictions],
        [utterance for _, _, utterance in predictions],
        [utterance for _, _, utterance in other_predictions],
    )
    if ensemble.words:
        word = _word_interval(clips, [word for _, word, _ in predictions])
        calibration = calibration.model_copy(update={"word": word})
    return GoptModel(ensemble, other_ensemble, calibration)


def _word_interval(clips: Sequence[LabelledClip[GopVectors]], predicted: Sequence[Array]) -> IntervalTable:
    """Tabulate the intervals of learnt word scores against human ones."""
    words = np.concatenate(
        [
            mean_by_word(by_phone[:, WORD_ACCURACY], clip.word)
            for clip, by_phone in zip(clips, predicted, strict=True)
        ]
    )
    human = np.concatenate([clip.word_scores[:, WORD_ACCURACY] for clip in clips]).astype(np.float64)
    return known_interval(words, human)


def _prepare(
    examples: Sequence[GoptExample], folds: Sequence[Sequence[int]], recipe: GoptRecipe, seed: int
) -> tuple[GoptEnsemble, list[MemberJob]]:
    """Make an untrained ensemble, and a job for each of its members."""
    torch.manual_seed(seed)
    words = any((one.word >= 0).any() for one in examples)
    ensemble = GoptEnsemble(recipe.network, recipe.members, words=words)
    gop = np.concatenate([one.vectors.gop for one in examples])
    ensemble.mean.copy_(torch.from_numpy(gop.mean(axis=0)))
    ensemble.scale.copy_(torch.from_numpy(gop.std(axis=0) + 1e-4))
    jobs: list[MemberJob] = []
    for number, fold in enumerate(folds):
        learn = [examples[index] for index in sorted(set(range(len(examples))) - set(fold))]
        left_out = [examples[index] for index in fold]
        jobs.append(MemberJob(recipe.network, ensemble, learn, left_out, number, seed * 100 + number))
    return ensemble, jobs


def _assemble(
    ensemble: GoptEnsemble, folds: Sequence[Sequence[int]], trained: Sequence[TrainedMember]
) -> list[MemberScores]:
    """Put the weights in place, and return the predictions of all left-out clips in their order."""
    predictions: dict[int, MemberScores] = {}
    for member, fold, (weights, left_out) in zip(ensemble.members, folds, trained, strict=True):
        member.load_state_dict(weights)
        predictions |= dict(zip(fold, left_out, strict=True))
    ensemble.eval()
    return [predictions[index] for index in range(len(predictions))]


def _run_jobs(jobs: Sequence[MemberJob], workers: int) -> list[TrainedMember]:
    if workers == 1:
        return [train_job(job) for job in jobs]
    # Processes are spawned, because torch's threads do not survive a fork.
    with ProcessPoolExecutor(workers, get_context("spawn"), torch.set_num_threads, (1,)) as pool:
        return list(pool.map(train_job, jobs))
