"""Train the scorer on a recogniser's outputs, with nested cross-validation over speakers.

Outer folds give the metrics that are reported: every test speaker is scored by an ensemble that never saw
that speaker. Inside, each member of an ensemble leaves out one inner fold of speakers. The predictions for
the speakers left out calibrate what must not be calibrated on training data: the threshold at which a phone
counts as mispronounced, and the tables of 90% intervals. The shipped weights come from the same procedure on
all speakers.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from enunciate.conformer.training.conformer_recipes import ScorerRecipe
from enunciate.conformer.training.export import export_encoder
from enunciate.conformer.training.recogniser import load_recogniser
from enunciate.conformer.training.scorer_data import ScoredClip, hear_clips, load_clips
from enunciate.conformer.training.scorer_fit import ScorerPrediction
from enunciate.conformer.training.scorer_job import ScorerFit, ScorerJob, run_job
from enunciate.conformer.weights_folder import (
    CALIBRATION,
    DESCRIPTION,
    ENCODER,
    FOLDS,
    HELD_OUT,
    PHONE_MODEL,
    SCORER,
    SCORER_WITHOUT_REFERENCE,
)
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.corpus.splits import speaker_folds
from enunciate.corpus.synthetic.shard_files import read_shards
from enunciate.corpus.synthetic.utterances import utterance_of
from enunciate.errors import CorpusError
from enunciate.metrics.correlation import pcc_by_aspect, pearson
from enunciate.phones import Lexicon
from enunciate.pocket.calibration import calibrate
from enunciate.pocket.ctc import save_phone_model, train_phone_model
from enunciate.pocket.symbols import classes_of
from enunciate.schema import ASPECTS, Utterance


class ScorerTraining:
    """The shared state of the jobs of one recipe: utterances, folds and the clips' features."""

    def __init__(self, recipe: ScorerRecipe) -> None:
        self.recipe = recipe
        self.utterances = [u for u in load_corpus(recipe.corpus, recipe.split) if u.scores is not None]
        crossed = sorted((recipe.recogniser / FOLDS).glob(f"*/{HELD_OUT}"))
        self.recognisers = [path.parent for path in crossed]
        """One recogniser per fold, or none where a single one has seen no labelled speaker."""
        if crossed:
            self.folds = _held_by(crossed, self.utterances)
        else:
            self.folds = speaker_folds(self.utterances, recipe.folds, recipe.seed)
        self.clips: list[ScoredClip] = []
        self.heard: list[ScoredClip] = []
        self.synthetic: dict[Path, list[ScoredClip]] = {}

    def recogniser_of(self, fold: int | None) -> Path:
        """Return the recogniser of a fold, or of the final model for None."""
        return self.recognisers[fold] if fold is not None and self.recognisers else self.recipe.recogniser

    def folder_of(self, fold: int | None) -> Path:
        """Return the output folder of a fold, or of the final model for None."""
        return self.recipe.out if fold is None else self.recipe.out / FOLDS / str(fold)

    def export(self) -> None:
        """Write the encoders and the phone model into every folder."""
        made: dict[Path, Path] = {}
        for fold in (None, *range(len(self.folds))):
            folder, recogniser = self.folder_of(fold), self.recogniser_of(fold)
            folder.mkdir(parents=True, exist_ok=True)
            if recogniser in made:
                shutil.copyfile(made[recogniser], folder / ENCODER)
            else:
                export_encoder(load_recogniser(recogniser), folder / ENCODER)
                made[recogniser] = folder / ENCODER
        read = load_corpus(
            self.recipe.corpus, "train"
        )  # never the test texts: recognition is measured on them
        sequences = [[label for word in u.words or () for label in classes_of(word.phones)] for u in read]
        save_phone_model(train_phone_model(sequences), self.recipe.out / PHONE_MODEL)
        for fold in range(len(self.folds)):
            shutil.copyfile(self.recipe.out / PHONE_MODEL, self.folder_of(fold) / PHONE_MODEL)

    def listen(self) -> None:
        """Compute the features of every clip with a recogniser that has not seen its speaker."""
        encoders = [self.recipe.out / ENCODER] * len(self.utterances)
        for fold, held in enumerate(self.folds if self.recognisers else []):
            for index in held:
                encoders[index] = self.folder_of(fold) / ENCODER
        workers = self.recipe.workers
        self.clips = load_clips(self.utterances, encoders, workers)
        self.heard = hear_clips(self.utterances, encoders, self.recipe.out / PHONE_MODEL, workers)
        wrong = _mispronounced(self.recipe)
        for fold in (None, *range(len(self.folds))):
            recogniser = self.recogniser_of(fold)
            if recogniser not in self.synthetic:
                here = [self.folder_of(fold) / ENCODER] * len(wrong)
                self.synthetic[recogniser] = load_clips(wrong, here, workers)

    def jobs(self, fold: int | None) -> tuple[ScorerJob, ScorerJob]:
        """Return the jobs of a fold's two ensembles, with and without reference; None is the final model."""
        held = [] if fold is None else self.folds[fold]
        learn = sorted(set(range(len(self.utterances))) - set(held))
        recogniser, folder = self.recogniser_of(fold), self.folder_of(fold)
        seed = self.recipe.seed + (0 if fold is None else 1 + fold)

        def job(clips: list[ScoredClip], synthetic: list[ScoredClip], name: str) -> ScorerJob:
            return ScorerJob(
                [clips[i] for i in learn],
                [self.utterances[i] for i in learn],
                synthetic,
                [clips[i] for i in held],
                recogniser,
                self.recipe.scorer,
                seed,
                folder / name,
            )

        return job(self.clips, self.synthetic[recogniser], SCORER), job(
            self.heard, [], SCORER_WITHOUT_REFERENCE
        )


def train(recipe: ScorerRecipe) -> dict[str, float | None]:
    """Run a recipe: cross-validate, train on every speaker, and write a folder that `load_assessor` reads.

    The model of each outer fold is written to `folds/`, so that it can be evaluated as the shipped one is.
    Returns pooled correlations of the outer folds.
    """
    training = ScorerTraining(recipe)
    training.export()
    training.listen()
    wanted: list[int | None] = [None, *(range(len(training.folds)) if recipe.cross_validate else [])]
    jobs = [job for fold in wanted for job in training.jobs(fold)]
    # Processes of their own from the start: a forked one cannot use a GPU that the export has touched.
    with ProcessPoolExecutor(recipe.workers, mp_context=get_context("spawn")) as workers:
        fitted = list(workers.map(run_job, jobs))
    for position, fold in enumerate(wanted):
        _write(training, fold, jobs[2 * position].clips, fitted[2 * position], fitted[2 * position + 1])
    metrics = _cross_validated(training, fitted[2::2], fitted[3::2]) if recipe.cross_validate else {}
    if metrics:
        (recipe.out / "cross_validation.json").write_text(json.dumps(metrics, indent=1) + "\n")
    return metrics


def _held_by(files: Sequence[Path], utterances: Sequence[Utterance]) -> list[list[int]]:
    index_of = {utterance.id: index for index, utterance in enumerate(utterances)}
    folds = [[index_of[name] for name in json.loads(path.read_text()) if name in index_of] for path in files]
    missing = set(range(len(utterances))) - {index for fold in folds for index in fold}
    if missing:
        name = utterances[min(missing)].id
        raise CorpusError(
            f"{files[0].parents[1]}: no fold leaves out utterance {name} and {len(missing) - 1} more; "
            "train the recogniser on the same corpus"
        )
    return folds


def _mispronounced(recipe: ScorerRecipe) -> list[Utterance]:
    """Return the first synthetic clips with deliberate errors, as utterances with scores."""
    if recipe.synthetic is None:
        return []
    lexicon = Lexicon.default()
    wrong = (clip for clip in read_shards(recipe.synthetic) if clip.spoken and clip.canonical != clip.spoken)
    readings = (reading for clip in wrong if (reading := utterance_of(clip, lexicon)) is not None)
    return list(islice(readings, recipe.synthetic_clips))


def _write(
    training: ScorerTraining, fold: int | None, clips: list[ScoredClip], fitted: ScorerFit, free: ScorerFit
) -> None:
    """Calibrate on the predictions for speakers left out, and write the remaining files."""
    folder = training.folder_of(fold)
    left_out = fitted.left_out
    calibration = calibrate(
        clips,
        [one.phone for one in left_out],
        [one.wrong for one in left_out],
        [one.utterance for one in left_out],
        [one.utterance for one in free.left_out],
    )
    (folder / CALIBRATION).write_text(calibration.model_dump_json(indent=1) + "\n")
    description = {"name": "pocket", "version": training.recipe.version}
    (folder / DESCRIPTION).write_text(json.dumps(description) + "\n")
    if fold is not None:
        held = [training.utterances[index].id for index in training.folds[fold]]
        (folder / HELD_OUT).write_text(json.dumps(held))


def _cross_validated(
    training: ScorerTraining, fitted: Sequence[ScorerFit], free: Sequence[ScorerFit]
) -> dict[str, float | None]:
    order = [index for held in training.folds for index in held]
    with_text = _correlations([training.clips[i] for i in order], [p for one in fitted for p in one.held_out])
    without = _correlations([training.heard[i] for i in order], [p for one in free for p in one.held_out])
    return with_text | {f"{aspect}_without_text": without[aspect] for aspect in ASPECTS}


def _correlations(
    clips: Sequence[ScoredClip], predicted: Sequence[ScorerPrediction]
) -> dict[str, float | None]:
    """Return the pooled PCC of each aspect, and of phones where any has a human score."""
    pcc = pcc_by_aspect(np.stack([c.scores for c in clips]), np.stack([p.utterance for p in predicted]))
    scores = np.concatenate([c.phone_scores for c in clips])
    guesses = np.concatenate([p.phone for p in predicted])
    known = scores >= 0
    return {**pcc, **({"phone": pearson(scores[known], guesses[known])} if known.any() else {})}
