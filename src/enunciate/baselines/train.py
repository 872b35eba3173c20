"""Train a baseline on the labelled speakers, with cross-validation over them.

Writes a folder that `load_assessor` reads, and in `folds/` one for each fold of speakers that its model never
saw, with the ids of their utterances, just as training the scorer of `pocket` does.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol, TypeVar

import numpy as np

from enunciate.baselines.baseline_recipes import (
    BaselineRecipe,
    ForestRecipe,
    GopRecipe,
    GoptRecipe,
    HmmGopRecipe,
)
from enunciate.baselines.folder import BASELINE, CROSS_VALIDATION, Description
from enunciate.baselines.forest.assessor import fit_forests
from enunciate.baselines.forest.prosody import prosody_features
from enunciate.baselines.gop.assessor import GopModel, fit_gop
from enunciate.baselines.gop.goodness import Goodness, goodness
from enunciate.baselines.gopt.features import gop_vectors
from enunciate.baselines.listening import Extract, LabelledClip, listen_clips
from enunciate.baselines.pocketsphinx.acoustics import HmmAcoustics
from enunciate.baselines.pocketsphinx.assessor import hmm_clips
from enunciate.baselines.predicted import Predicted
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.corpus.splits import speaker_folds
from enunciate.errors import CorpusError, RecipeError, needing
from enunciate.metrics.correlation import pcc_by_aspect, pearson
from enunciate.pocket.assessor import packaged_weights
from enunciate.pocket.ctc import save_phone_model, train_phone_model
from enunciate.pocket.symbols import classes_of
from enunciate.pocket.weights_folder import ENCODER, FOLDS, HELD_OUT, PHONE_MODEL
from enunciate.schema import Utterance

T = TypeVar("T")
Hearing = ForestRecipe | GopRecipe | GoptRecipe
"""What listens with an encoder."""
RECOGNISER = "recogniser.safetensors"
"""In the folder of a trained recogniser (its module needs torch)."""


class Model(Protocol[T]):
    """What a fit gives."""

    def predict(self, clip: LabelledClip[T]) -> Predicted: ...  # noqa: D102
    def save(self, folder: Path) -> None: ...  # noqa: D102


Fit = Callable[[Sequence[LabelledClip[T]], Sequence[Utterance], int], Model[T]]
"""From clips, their utterances and a seed."""
Listen = Callable[[Sequence[Utterance]], list[LabelledClip[T]]]


def train(recipe: Hearing | HmmGopRecipe) -> dict[str, float | None]:
    """Run a recipe.

    Returns:
        Pooled correlations of the folds, by aspect, with the text and without it, and for phones.

    Raises:
        RecipeError: there is no encoder at the path.
        CorpusError: the corpus lacks a file, labelled utterances, or speakers for the folds.
    """
    if isinstance(recipe, ForestRecipe):
        import sklearn  # noqa: F401  # pyright: ignore  # before hearing 2,000 clips in vain

        return _train_hearing(recipe, prosody_features, lambda c, u, seed: fit_forests(c, u, recipe, seed))
    if isinstance(recipe, HmmGopRecipe):
        return _train_hmm(recipe)
    if isinstance(recipe, GoptRecipe):
        from enunciate.baselines.gopt.fit import fit_gopt

        return _train_hearing(recipe, gop_vectors, lambda c, u, seed: fit_gopt(c, u, recipe, seed))
    return _train_hearing(recipe, goodness, lambda c, u, seed: fit_gop(c, u, recipe, seed))


def _train_hearing(recipe: Hearing, extract: Extract[T], fit: Fit[T]) -> dict[str, float | None]:
    """Train on what an encoder hears."""
    utterances = _labelled(recipe)
    description = _prepare(recipe)

    def listen(utterances: Sequence[Utterance]) -> list[LabelledClip[T]]:
        return _listen(recipe, utterances, extract)

    return _train(recipe, utterances, description, listen, fit)


def _listen(recipe: Hearing, utterances: Sequence[Utterance], extract: Extract[T]) -> list[LabelledClip[T]]:
    """Hear each utterance with the recogniser that left its speaker out, where there are such."""
    crossed = sorted(path.parent for path in ((recipe.encoder or Path()) / FOLDS).glob(f"*/{HELD_OUT}"))
    if recipe.encoder is None or not crossed:
        return listen_clips(utterances, recipe.out, extract, recipe.workers)
    found: dict[str, LabelledClip[T]] = {}
    for source in crossed:
        held = set(json.loads((source / HELD_OUT).read_text(encoding="utf-8")))
        own = [utterance for utterance in utterances if utterance.id in held]
        with TemporaryDirectory() as folder:
            _place_encoder(source, Path(folder) / ENCODER)
            shutil.copyfile(recipe.out / PHONE_MODEL, Path(folder) / PHONE_MODEL)
            clips = listen_clips(own, Path(folder), extract, recipe.workers)
        found |= {utterance.id: clip for utterance, clip in zip(own, clips, strict=True)}
    missing = [utterance.id for utterance in utterances if utterance.id not in found]
    if missing:
        raise CorpusError(
            f"{recipe.encoder}: no fold leaves out utterance {missing[0]} and {len(missing) - 1} more; train "
            "the recogniser on the same corpus"
        )
    return [found[utterance.id] for utterance in utterances]


def _train_hmm(recipe: HmmGopRecipe) -> dict[str, float | None]:
    acoustics = HmmAcoustics()  # before all else: it needs an extra
    recipe.out.mkdir(parents=True, exist_ok=True)
    description = Description(kind=recipe.kind, version=recipe.version, encoder=acoustics.digest)
    unaligned: list[int] = []

    def listen(utterances: Sequence[Utterance]) -> list[LabelledClip[Goodness]]:
        clips, count = hmm_clips(utterances, recipe.workers)
        unaligned.append(count)
        return clips

    def fit(clips: Sequence[LabelledClip[Goodness]], who: Sequence[Utterance], seed: int) -> GopModel:
        return fit_gop(clips, who, recipe, seed)

    metrics = _train(recipe, _labelled(recipe), description, listen, fit)
    return metrics | {"unaligned_clips": float(sum(unaligned))}


def _labelled(recipe: BaselineRecipe) -> list[Utterance]:
    utterances = [u for u in load_corpus(recipe.corpus, recipe.split) if u.scores is not None]
    if not utterances:
        raise CorpusError(
            f"{recipe.corpus}: no utterance of the {recipe.split} split has scores to learn from"
        )
    return utterances


def _train(
    recipe: BaselineRecipe,
    utterances: Sequence[Utterance],
    description: Description,
    listen: Listen[T],
    fit: Fit[T],
) -> dict[str, float | None]:
    folds = speaker_folds(utterances, recipe.folds, recipe.seed) if recipe.cross_validate else []
    clips = listen(utterances)
    _write(fit(clips, utterances, recipe.seed), description, recipe.out)
    found: list[Predicted] = []
    for number, held in enumerate(folds):
        learn = sorted(set(range(len(clips))) - set(held))
        model = fit([clips[i] for i in learn], [utterances[i] for i in learn], recipe.seed + 1 + number)
        folder = recipe.out / FOLDS / str(number)
        folder.mkdir(parents=True, exist_ok=True)
        for name in (ENCODER, PHONE_MODEL):
            if (recipe.out / name).is_file():
                shutil.copyfile(recipe.out / name, folder / name)
        _write(model, description, folder)
        (folder / HELD_OUT).write_text(json.dumps([utterances[i].id for i in held]), encoding="utf-8")
        found += [model.predict(clips[i]) for i in held]
    metrics = _correlations([clips[i] for held in folds for i in held], found) if folds else {}
    if metrics:
        text = json.dumps(metrics, indent=1) + "\n"
        (recipe.out / CROSS_VALIDATION).write_text(text, encoding="utf-8")
    return metrics


def _prepare(recipe: Hearing) -> Description:
    """Put encoder and phone model in place; the latter knows the texts of the train split alone."""
    recipe.out.mkdir(parents=True, exist_ok=True)
    _place_encoder(recipe.encoder or packaged_weights() / ENCODER, recipe.out / ENCODER)
    read = load_corpus(recipe.corpus, "train")
    texts = [[label for word in u.words or () for label in classes_of(word.phones)] for u in read]
    save_phone_model(train_phone_model(texts), recipe.out / PHONE_MODEL)
    digest = hashlib.sha256((recipe.out / ENCODER).read_bytes()).hexdigest()
    return Description(kind=recipe.kind, version=recipe.version, encoder=digest)


def _place_encoder(source: Path, target: Path) -> None:
    """Copy an exported encoder, or export that of a trained recogniser's folder."""
    if source.is_file():
        shutil.copyfile(source, target)
    elif (source / RECOGNISER).is_file():
        with needing("train"):
            from enunciate.pocket.training.export import export_encoder
            from enunciate.pocket.training.recogniser import load_recogniser
        export_encoder(load_recogniser(source), target)
    else:
        raise RecipeError(str(target.parent), [f"encoder: {source} is no file and no trained recogniser"])


def _write(model: Model[T], description: Description, folder: Path) -> None:
    model.save(folder)
    (folder / BASELINE).write_text(description.model_dump_json(indent=1) + "\n", encoding="utf-8")


def _correlations(clips: Sequence[LabelledClip[T]], found: Sequence[Predicted]) -> dict[str, float | None]:
    human = np.stack([clip.scores for clip in clips])
    without_text = pcc_by_aspect(human, np.stack([p.free for p in found]))
    pcc: dict[str, float | None] = {**pcc_by_aspect(human, np.stack([p.utterance for p in found]))}
    pcc |= {f"{aspect}_without_text": value for aspect, value in without_text.items()}
    phones = [one.phone for one in found if one.phone is not None]
    scores = np.concatenate([clip.phone_scores for clip in clips])
    if phones and (scores >= 0).any():
        pcc["phone"] = pearson(scores[scores >= 0], np.concatenate(phones)[scores >= 0])
    return pcc
