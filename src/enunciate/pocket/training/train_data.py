"""The clips of a recipe in a bank, with labels, and which of them are learnt from and measured on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from enunciate.audio import load
from enunciate.corpus.label_completion import complete_labels
from enunciate.corpus.speechocean762 import load_corpus
from enunciate.corpus.splits import hold_out_fold, hold_out_speakers
from enunciate.corpus.synthetic.neural_clip import read_learnable, read_neural
from enunciate.corpus.synthetic.shard_files import read_shards
from enunciate.pocket.acoustic_model import FRAME_S, AcousticModel
from enunciate.pocket.forced_alignment import align
from enunciate.pocket.symbols import classes_of
from enunciate.pocket.training.labels import ClipLabels, corpus_labels
from enunciate.pocket.training.labels_synthetic import formant_labels, neural_labels, price_of_errors
from enunciate.pocket.training.pocket_recipe import PocketRecipe
from enunciate.pocket.training.waveform_bank import WaveformBank
from enunciate.pocket.weights_folder import ENCODER
from enunciate.schema import Utterance

Int16 = npt.NDArray[np.int16]
_CHUNK = 16


@dataclass(frozen=True)
class TrainingData:
    """A bank of clips, and which of them are learnt from and measured on, as numbers in the bank."""

    bank: WaveformBank
    learn: list[int]
    held_out: list[int]
    native: list[int]
    """Good readings by native voices that are not learnt from."""


@dataclass(frozen=True)
class Recording:
    """A decoded recording, and the times of its phones in seconds where an aligner gave them."""

    samples: Int16
    start: list[float]
    end: list[float]


def split_speakers(recipe: PocketRecipe) -> tuple[list[Utterance], list[Utterance], list[Utterance]]:
    """Read the corpus, and return the train split, the utterances to learn from, and the held-out ones.

    Raises:
        CorpusError: The corpus is broken, or has too few speakers for the split.
    """
    train = load_corpus(recipe.corpus, "train")
    if recipe.split in ("official", "everything"):
        test = load_corpus(recipe.corpus, "test")
        return (train, train, test) if recipe.split == "official" else (train, [*train, *test], [])
    # Speakers are dealt by their scores, so those that are known as ranges only have to be completed.
    completed = complete_labels(recipe.corpus, train).utterances
    if recipe.split == "fold":
        _, held = hold_out_fold(completed, recipe.folds, recipe.hold_out)
    else:
        _, held = hold_out_speakers(completed, recipe.dev_speakers)
    speakers = {utterance.speaker for utterance in held}
    learn = [utterance for utterance in train if utterance.speaker not in speakers]
    return train, learn, [utterance for utterance in train if utterance.speaker in speakers]


def load_training_data(recipe: PocketRecipe, device: torch.device) -> TrainingData:
    """Decode and label all clips of a recipe.

    Raises:
        CorpusError: The corpus or a folder of synthetic speech is broken.
    """
    train, learn, held = split_speakers(recipe)
    learn, held = learn[: recipe.limit], held[: recipe.limit]
    utterances = [*learn, *held]
    labels = _completed_labels(recipe.corpus, train, utterances)
    recordings = load_recordings(utterances, recipe.aligner, recipe.workers)
    for one, recording in zip(labels, recordings, strict=True):
        one.start, one.end = recording.start, recording.end
    train_ids = {utterance.id for utterance in train}
    known = [one for one in labels[: len(learn)] if one.id in train_ids]
    synthetic = list(_synthetic_clips(recipe, known))
    native = list(_native_clips(recipe))
    made = [*synthetic, *native]
    waves = [*(recording.samples for recording in recordings), *(samples for _, samples in made)]
    bank = WaveformBank([*labels, *(one for one, _ in made)], waves, device)
    n_recorded, n_learnt = len(utterances), len(utterances) + len(synthetic)
    for index in (*range(n_recorded), *range(n_learnt, n_learnt + len(native))):
        if not bank.has_times(index):
            bank.guess_times(index)
    return TrainingData(
        bank,
        learn=[*range(len(learn)), *range(n_recorded, n_learnt)],
        held_out=[*range(len(learn), n_recorded)],
        native=[*range(n_learnt, n_learnt + len(native))],
    )


def _completed_labels(
    folder: Path, train: Sequence[Utterance], utterances: Sequence[Utterance]
) -> list[ClipLabels]:
    """Label utterances, as what is known of the whole train split completes them."""
    return corpus_labels(folder, train, utterances)[len(train) :]


def _synthetic_clips(recipe: PocketRecipe, known: Sequence[ClipLabels]) -> Iterator[tuple[ClipLabels, Int16]]:
    """Yield labels and samples of the synthetic clips that may be learnt from."""
    if recipe.synthetic is not None:
        spoken = (clip for clip in read_shards(recipe.synthetic) if clip.spoken)
        for clip in islice(spoken, recipe.limit):
            yield formant_labels(clip), clip.samples
    if recipe.neural is not None:
        price = price_of_errors(known)
        for clip in read_learnable(recipe.neural, recipe.limit):
            yield neural_labels(clip, price), clip.samples


def _native_clips(recipe: PocketRecipe) -> Iterator[tuple[ClipLabels, Int16]]:
    """Yield labels and samples of the good readings by voices that are not learnt from."""
    if recipe.native is not None:
        good = (clip for clip in read_neural(recipe.native) if clip.kind == "good")
        for clip in islice(good, recipe.limit):
            yield neural_labels(clip, price=0.0), clip.samples


def load_recordings(utterances: Sequence[Utterance], aligner: Path | None, workers: int) -> list[Recording]:
    """Decode recordings in parallel, and align them where there is an aligner.

    Args:
        utterances: Recordings with canonical phones.
        aligner: Folder of `pocket` weights; None leaves times unknown.
        workers: The number of processes; with one, everything happens in this process.
    """
    one = partial(_load_recording, aligner=aligner)
    if workers == 1:
        return [one(utterance) for utterance in utterances]
    # Started afresh, because a fork is not safe once torch runs threads.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return list(pool.map(one, utterances, chunksize=_CHUNK))


def _load_recording(utterance: Utterance, aligner: Path | None) -> Recording:
    samples = load(utterance.audio).samples
    integers = np.clip(np.rint(samples * 32_768), -32_768, 32_767).astype(np.int16)
    if aligner is None:
        return Recording(integers, [], [])
    words = [[classes_of(word.phones)] for word in utterance.words or ()]
    alignment = align(_acoustic_model(aligner)(samples).frame, words)
    start, end = (times.astype(np.float64) * FRAME_S for times in (alignment.start, alignment.end))
    return Recording(integers, start.tolist(), end.tolist())


@cache
def _acoustic_model(folder: Path) -> AcousticModel:
    return AcousticModel(folder / ENCODER)
