"""Train the scorer on a recogniser's outputs, with nested cross-validation over speakers.

Outer folds give the figures that are reported: every test speaker is scored by an ensemble that never saw
that speaker. Inside, each member of an ensemble leaves out one inner fold of speakers, and what the members
say of the speakers that they left out sets everything that must not be set on training data: the threshold at
which a phone counts as mispronounced, and the tables of 90% intervals. What ships is the same procedure on
all speakers.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from enunciate.acoustic.calibration import calibrate
from enunciate.acoustic.ctc import save_phone_model, train_phone_model
from enunciate.acoustic.export import export_encoder, export_scorer
from enunciate.acoustic.folder import CALIBRATION, DESCRIPTION, ENCODER, FREE_SCORER, PHONE_MODEL, SCORER
from enunciate.acoustic.recipe import ScorerRecipe
from enunciate.acoustic.recogniser import Recogniser, load_recogniser
from enunciate.acoustic.scorer import Ensemble, Scorer
from enunciate.acoustic.scorer_data import ScoredClip, hear_clips, load_clips
from enunciate.acoustic.scorer_fit import Predicted, collate, fit, predict
from enunciate.acoustic.symbols import classes_of
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.corpus.splits import speaker_folds
from enunciate.corpus.synthetic import read_shards
from enunciate.corpus.synthetic_reading import as_reading
from enunciate.phones import Lexicon
from enunciate.schema import ASPECTS, Utterance


@dataclass(frozen=True)
class Data:
    """What a scorer learns from."""

    utterances: list[Utterance]
    clips: list[ScoredClip]
    """The utterances with their text."""
    heard: list[ScoredClip]
    """The same without it."""
    synthetic: list[ScoredClip]

    def some(self, chosen: Sequence[int]) -> Data:
        """Some of the utterances, and all synthetic clips."""
        utterances = [self.utterances[i] for i in chosen]
        clips, heard = [self.clips[i] for i in chosen], [self.heard[i] for i in chosen]
        return Data(utterances, clips, heard, self.synthetic)


@dataclass(frozen=True)
class FoldJob:
    """One outer fold: the model that never sees `held` goes to `folds/<number>`."""

    data: Data
    held: list[int]
    recipe: ScorerRecipe
    number: int


def train(recipe: ScorerRecipe) -> dict[str, float]:
    """Run a recipe: cross-validate, train on every speaker, and write a folder that `load_assessor` reads.

    The model of each outer fold is written to `folds/`, so that it can be evaluated as the shipped one is.
    Returns pooled correlations of the outer folds.
    """
    recipe.out.mkdir(parents=True, exist_ok=True)
    recogniser = load_recogniser(recipe.recogniser)
    export_encoder(recogniser, recipe.out / ENCODER)
    read = load_corpus(recipe.corpus, "train")  # never the test texts: recognition is measured on them
    sequences = [[label for word in u.words or () for label in classes_of(word.phones)] for u in read]
    save_phone_model(train_phone_model(sequences), recipe.out / PHONE_MODEL)
    data = _load(recipe)
    metrics: dict[str, float] = {}
    if recipe.cross_validate:
        metrics = _cross_validate(data, recipe)
        (recipe.out / "cross_validation.json").write_text(json.dumps(metrics, indent=1) + "\n")
    _fit_folder(data, recipe, recogniser, recipe.seed, recipe.out)
    return metrics


def _load(recipe: ScorerRecipe) -> Data:
    utterances = [u for u in load_corpus(recipe.corpus, "test") if u.scores is not None]
    encoder, workers = recipe.out / ENCODER, recipe.workers
    return Data(
        utterances,
        load_clips(utterances, encoder, workers),
        hear_clips(utterances, encoder, recipe.out / PHONE_MODEL, workers),
        load_clips(_mispronounced(recipe), encoder, workers),
    )


def _mispronounced(recipe: ScorerRecipe) -> list[Utterance]:
    """The first synthetic clips that were mispronounced on purpose, as readings with scores."""
    if recipe.synthetic is None:
        return []
    lexicon = Lexicon.default()
    wrong = (clip for clip in read_shards(recipe.synthetic) if clip.spoken and clip.canonical != clip.spoken)
    readings = (reading for clip in wrong if (reading := as_reading(clip, lexicon)) is not None)
    return list(islice(readings, recipe.synthetic_clips))


def _cross_validate(data: Data, recipe: ScorerRecipe) -> dict[str, float]:
    folds = speaker_folds(data.utterances, recipe.folds, recipe.seed)
    jobs = [FoldJob(data, held, recipe, number) for number, held in enumerate(folds)]
    with ProcessPoolExecutor(recipe.workers) as workers:
        found = list(workers.map(_outer_fold, jobs))
    tested = data.some([i for held in folds for i in held])
    with_text = _correlations(tested.clips, [one for fold, _ in found for one in fold])
    without = _correlations(tested.heard, [one for _, fold in found for one in fold])
    return with_text | {f"{aspect}_without_text": without[aspect] for aspect in ASPECTS}


def _outer_fold(job: FoldJob) -> tuple[list[Predicted], list[Predicted]]:
    torch.set_num_threads(1)
    learn = sorted(set(range(len(job.data.clips))) - set(job.held))
    folder = job.recipe.out / "folds" / str(job.number)
    seed = job.recipe.seed + 1 + job.number
    recogniser = load_recogniser(job.recipe.recogniser)
    fitted, free = _fit_folder(job.data.some(learn), job.recipe, recogniser, seed, folder)
    test = job.data.some(job.held)
    (folder / "held_out.json").write_text(json.dumps([u.id for u in test.utterances]))
    return _predict(fitted, test.clips), _predict(free, test.heard)


def _fit_folder(
    data: Data, recipe: ScorerRecipe, recogniser: Recogniser, seed: int, folder: Path
) -> tuple[Ensemble, Ensemble]:
    """Fit both ensembles, calibrate them, and write what `load_assessor` reads."""
    config, head = recipe.scorer, recogniser.quality
    fitted, left_out = fit(data.clips, data.utterances, data.synthetic, config, head, seed)
    free, left_out_free = fit(data.heard, data.utterances, [], config, head, seed)
    calibration = calibrate(
        data.clips,
        [one.phone for one in left_out],
        [one.wrong for one in left_out],
        [one.utterance for one in left_out],
        [one.utterance for one in left_out_free],
    )
    folder.mkdir(parents=True, exist_ok=True)
    for name in (ENCODER, PHONE_MODEL):
        if folder != recipe.out:
            shutil.copyfile(recipe.out / name, folder / name)
    quality_width = recogniser.encoder.config.quality_width
    export_scorer(fitted, quality_width, folder / SCORER)
    export_scorer(free, quality_width, folder / FREE_SCORER)
    (folder / CALIBRATION).write_text(calibration.model_dump_json(indent=1) + "\n")
    (folder / DESCRIPTION).write_text(json.dumps({"name": "pocket", "version": recipe.version}) + "\n")
    return fitted, free


def _predict(ensemble: Ensemble, clips: Sequence[ScoredClip]) -> list[Predicted]:
    members = [member for member in ensemble.members if isinstance(member, Scorer)]
    return predict(members, collate(clips, ensemble))


def _correlations(clips: Sequence[ScoredClip], predicted: Sequence[Predicted]) -> dict[str, float]:
    """Pooled PCC for each aspect, and for phones that have human scores."""
    human, found = np.stack([c.scores for c in clips]), np.stack([p.utterance for p in predicted])
    pcc: dict[str, float] = {}
    for k, aspect in enumerate(ASPECTS):
        known = np.isfinite(human[:, k])
        pcc[aspect] = float(np.corrcoef(human[known, k], found[known, k])[0, 1])
    scores = np.concatenate([c.phone_scores for c in clips])
    guesses = np.concatenate([p.phone for p in predicted])
    known = scores >= 0
    return pcc | {"phone": float(np.corrcoef(scores[known], guesses[known])[0, 1])} if known.any() else pcc
