"""Training of the baselines that listen with an encoder: the encoder is put in place, and clips are heard."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from itertools import repeat
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from enunciate.baselines.baseline_recipes import ForestRecipe, GopRecipe, GoptRecipe
from enunciate.baselines.cross_validation import Fit, labelled_utterances, train_and_cross_validate
from enunciate.baselines.folder import BaselineDescription
from enunciate.baselines.labelled_clip import LabelledClip, phone_labels, utterance_labels, word_labels
from enunciate.conformer.features import Outputs, mismatched
from enunciate.conformer.forced_alignment import Alignment, align_heard
from enunciate.conformer.listener import Listener
from enunciate.conformer.phone_timing import fit_text
from enunciate.conformer.weights_folder import ENCODER, FOLDS, HELD_OUT, PHONE_MODEL
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.errors import CorpusError, RecipeError, needing
from enunciate.pocket.ctc import save_phone_model, train_phone_model
from enunciate.pocket.symbols import BLANK, classes_of
from enunciate.schema import Utterance

Features = TypeVar("Features")
Extract = Callable[[Outputs, Alignment], Features]
"""Computes features from an encoder's outputs and an alignment; a module's function, as processes need it."""
EncoderRecipe = ForestRecipe | GopRecipe | GoptRecipe
RECOGNISER = "recogniser.safetensors"
"""The weights in the folder of a trained recogniser (its own module needs torch)."""


def train_on_encoder(
    recipe: EncoderRecipe, extract: Extract[Features], fit: Fit[Features]
) -> dict[str, float | None]:
    """Run the recipe of a baseline that listens with an encoder.

    Args:
        recipe: The recipe.
        extract: Computes the features that the baseline learns from.
        fit: Fits the baseline.

    Returns:
        The metrics of the cross-validation; see `train_and_cross_validate`.

    Raises:
        RecipeError: There is no encoder at the path.
        CorpusError: The corpus lacks a file, labelled utterances, or speakers for the folds.
    """
    utterances = labelled_utterances(recipe)
    description = _prepare_folder(recipe)
    clips = _listen_without_leakage(recipe, utterances, extract)
    return train_and_cross_validate(recipe, utterances, clips, description, fit)


def listen_to_clips(
    utterances: Sequence[Utterance], folder: Path, extract: Extract[Features], workers: int
) -> list[LabelledClip[Features]]:
    """Compute the features of labelled utterances with a folder's encoder, in processes if more than one."""
    if workers == 1:
        return [_listen_to_clip(utterance, folder, extract) for utterance in utterances]
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(_listen_to_clip, utterances, repeat(folder), repeat(extract), chunksize=16))


def _listen_without_leakage(
    recipe: EncoderRecipe, utterances: Sequence[Utterance], extract: Extract[Features]
) -> list[LabelledClip[Features]]:
    """Listen to each utterance with the recogniser that left its speaker out, where there are such."""
    held_out = sorted(((recipe.encoder or Path()) / FOLDS).glob(f"*/{HELD_OUT}"))
    if recipe.encoder is None or not held_out:
        return listen_to_clips(utterances, recipe.out, extract, recipe.workers)
    clip_of: dict[str, LabelledClip[Features]] = {}
    for path in held_out:
        ids = set(json.loads(path.read_text(encoding="utf-8")))
        chosen = [utterance for utterance in utterances if utterance.id in ids]
        with TemporaryDirectory() as folder:
            _place_encoder(path.parent, Path(folder) / ENCODER)
            shutil.copyfile(recipe.out / PHONE_MODEL, Path(folder) / PHONE_MODEL)
            clips = listen_to_clips(chosen, Path(folder), extract, recipe.workers)
        clip_of |= {utterance.id: clip for utterance, clip in zip(chosen, clips, strict=True)}
    missing = [utterance.id for utterance in utterances if utterance.id not in clip_of]
    if missing:
        raise CorpusError(
            f"{recipe.encoder}: no fold leaves out utterance {missing[0]} and {len(missing) - 1} more; train "
            "the recogniser on the same corpus"
        )
    return [clip_of[utterance.id] for utterance in utterances]


@lru_cache(maxsize=1)
def _listener(folder: Path) -> Listener:
    return Listener(folder)


def _listen_to_clip(utterance: Utterance, folder: Path, extract: Extract[Features]) -> LabelledClip[Features]:
    listener = _listener(folder)
    words = utterance.words or ()
    out = listener.encode(utterance)
    alignment = fit_text(out.frame, [[classes_of(word.phones)] for word in words], utterance.id)
    # The features without reference need at least one phone: the one that came nearest to being heard.
    heard = listener.hear(out) or [int(out.ctc[:, BLANK + 1 :].max(axis=0).argmax()) + BLANK + 1]
    return LabelledClip(
        extract(out, alignment),
        extract(out, align_heard(out.frame, heard)),
        phone_labels(utterance),
        utterance_labels(utterance),
        alignment.word,
        word_labels(utterance),
        mismatched(out, alignment),
    )


def _prepare_folder(recipe: EncoderRecipe) -> BaselineDescription:
    """Put the encoder and the phone model in place; the latter learns from the train split's texts alone."""
    recipe.out.mkdir(parents=True, exist_ok=True)
    _place_encoder(_encoder_of(recipe), recipe.out / ENCODER)
    train = load_corpus(recipe.corpus, "train")
    texts = [[label for word in u.words or () for label in classes_of(word.phones)] for u in train]
    save_phone_model(train_phone_model(texts), recipe.out / PHONE_MODEL)
    digest = hashlib.sha256((recipe.out / ENCODER).read_bytes()).hexdigest()
    return BaselineDescription(kind=recipe.kind, version=recipe.version, encoder=digest)


def _place_encoder(source: Path, target: Path) -> None:
    """Copy an exported encoder, or export that of a trained recogniser's folder."""
    if source.is_file():
        shutil.copyfile(source, target)
    elif (source / RECOGNISER).is_file():
        with needing("train"):
            from enunciate.conformer.training.export import export_encoder
            from enunciate.conformer.training.recogniser import load_recogniser
        export_encoder(load_recogniser(source), target)
    else:
        raise RecipeError(str(target.parent), [f"encoder: {source} is no file and no trained recogniser"])


def _encoder_of(recipe: EncoderRecipe) -> Path:
    """The encoder that a recipe names.

    Raises:
        RecipeError: it names none.
    """
    if recipe.encoder is None:
        message = "encoder: give the encoder.onnx that `enunciate train conformer-recogniser` has written"
        raise RecipeError(str(recipe.out), [message])
    return recipe.encoder
