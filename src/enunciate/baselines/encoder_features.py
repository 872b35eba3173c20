"""Training of the baselines on a frozen encoder of `pocket`: it is put in place, and clips are heard."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from itertools import repeat
from pathlib import Path
from typing import TypeVar

from enunciate.baselines.baseline_recipes import ForestRecipe, GopRecipe, GoptRecipe
from enunciate.baselines.fit_and_measure import Fit, fit_and_measure, labelled_splits
from enunciate.baselines.folder import BaselineDescription
from enunciate.baselines.labelled_clip import LabelledClip, phone_labels, utterance_labels, word_labels
from enunciate.errors import RecipeError
from enunciate.pocket.acoustic_model import Outputs
from enunciate.pocket.forced_alignment import Alignment, align_heard
from enunciate.pocket.listener import Listener
from enunciate.pocket.mismatch import mismatched
from enunciate.pocket.symbols import BLANK
from enunciate.pocket.weights_folder import ENCODER, PHONE_MODEL
from enunciate.schema import Utterance
from enunciate.training.run_folder import Metrics
from enunciate.training.speaker_split import HELD_OUT

Features = TypeVar("Features")
Extract = Callable[[Outputs, Alignment], Features]
"""Computes features from an encoder's outputs and an alignment; a module's function, as processes need it."""


def train_on_encoder(
    recipe: ForestRecipe | GopRecipe | GoptRecipe, extract: Extract[Features], fit: Fit[Features]
) -> Metrics:
    """Run the recipe of a baseline that listens with an encoder.

    Args:
        recipe: The recipe.
        extract: Computes the features that the baseline learns from.
        fit: Fits the baseline.

    Returns:
        The metrics on the test split; see `fit_and_measure`.

    Raises:
        RecipeError: `encoder` is no folder of weights, or they have learnt from the test split.
        CorpusError: The corpus lacks a file or labelled utterances.
    """
    splits = labelled_splits(recipe.corpus)
    _check_unseen(recipe.encoder, splits.test)
    recipe.out.mkdir(parents=True, exist_ok=True)
    for name in (ENCODER, PHONE_MODEL):
        shutil.copyfile(recipe.encoder / name, recipe.out / name)
    digest = hashlib.sha256((recipe.out / ENCODER).read_bytes()).hexdigest()
    description = BaselineDescription(kind=recipe.kind, version=recipe.version, encoder=digest)
    clips = listen_to_clips([*splits.learn, *splits.test], recipe.out, extract, recipe.workers)
    return fit_and_measure(recipe, splits, clips, description, fit)


def _check_unseen(encoder: Path, test: Sequence[Utterance]) -> None:
    """Check that a folder of weights has not learnt from the utterances of the test split.

    Raises:
        RecipeError: It has, or cannot say that it has not, or it is no such folder.
    """
    lacking = [name for name in (ENCODER, PHONE_MODEL, HELD_OUT) if not (encoder / name).is_file()]
    if lacking:
        problem = f"lacks {', '.join(lacking)}: give the folder that the recipe 'pocket' wrote"
        raise RecipeError(str(encoder), [f"encoder: {problem} with split=official"])
    held_out = set(json.loads((encoder / HELD_OUT).read_text(encoding="utf-8")))
    learnt = [utterance.id for utterance in test if utterance.id not in held_out]
    if learnt:
        problem = f"may have learnt {learnt[0]} and {len(learnt) - 1} more utterances of the test split"
        raise RecipeError(str(encoder), [f"encoder: {problem}: train 'pocket' with split=official"])


def listen_to_clips(
    utterances: Sequence[Utterance], folder: Path, extract: Extract[Features], workers: int
) -> list[LabelledClip[Features]]:
    """Compute the features of labelled utterances with a folder's encoder, in processes if more than one."""
    if workers == 1:
        return [_listen_to_clip(utterance, folder, extract) for utterance in utterances]
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(_listen_to_clip, utterances, repeat(folder), repeat(extract), chunksize=16))


@lru_cache(maxsize=1)
def _listener(folder: Path) -> Listener:
    return Listener(folder, finds_passages=False)


def _listen_to_clip(utterance: Utterance, folder: Path, extract: Extract[Features]) -> LabelledClip[Features]:
    listener = _listener(folder)
    clip = listener.listen(utterance)
    out, alignment = clip.outputs, clip.alignment
    assert alignment is not None, "a labelled utterance has words"
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
