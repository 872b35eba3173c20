"""The end of a run: measurement of the held-out speakers, weights, and the files of an engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from enunciate.corpus.speechocean762 import load_corpus
from enunciate.errors import CorpusError, RecipeError
from enunciate.pocket.ctc import save_phone_model, train_phone_model
from enunciate.pocket.symbols import classes_of
from enunciate.pocket.training.calibrate import calibrate
from enunciate.pocket.training.labels import ClipLabels, corpus_labels
from enunciate.pocket.training.measure import Metrics, measure
from enunciate.pocket.training.model import PocketModel
from enunciate.pocket.training.pocket_recipe import PocketRecipe
from enunciate.pocket.training.predictions import (
    ClipPrediction,
    load_predictions,
    predict_clips,
    save_predictions,
)
from enunciate.pocket.training.saved_model import save_model
from enunciate.pocket.training.train_data import TrainingData
from enunciate.pocket.weights_folder import CALIBRATION, DESCRIPTION, PHONE_MODEL
from enunciate.storage import write_whole, writing_to
from enunciate.training.run_folder import write_metrics
from enunciate.training.speaker_split import HELD_OUT

PREDICTIONS, NATIVE_PREDICTIONS = "predictions.npz", "native_predictions.npz"


def check_calibration(recipe: PocketRecipe) -> None:
    """Check before training that all runs that it is to be calibrated with have predictions.

    Raises:
        RecipeError: Some have none.
    """
    files = [folder / PREDICTIONS for folder in recipe.calibrate_with]
    missing = [
        f"calibrate_with: there is no {file}: finish that run first" for file in files if not file.exists()
    ]
    if missing:
        raise RecipeError("recipe", missing)


def finish(recipe: PocketRecipe, model: PocketModel, data: TrainingData, log: Callable[..., None]) -> Metrics:
    """Measure a trained model, and write all files of its folder.

    Returns:
        Metrics of the held-out speakers; empty where nobody is held out.

    Raises:
        CorpusError: The predictions of an earlier run are of another corpus.
        OutputError: A file cannot be written.
    """
    clips = [data.bank.labels[index] for index in data.held_out]
    predictions = predict_clips(model, data.bank, data.held_out)
    native = predict_clips(model, data.bank, data.native)
    metrics = measure(predictions, clips) if clips else {}
    log(event="done", **metrics)
    with writing_to(recipe.out):
        save_model(model, recipe.out)
        write_whole(recipe.out / HELD_OUT, json.dumps([clip.id for clip in clips]) + "\n")
        write_metrics(metrics, recipe.out)
        if predictions:
            save_predictions(predictions, recipe.out / PREDICTIONS)
        if native:
            save_predictions(native, recipe.out / NATIVE_PREDICTIONS)
        write_calibration(recipe.out, recipe.corpus, clips, predictions, native, recipe.calibrate_with)
        if recipe.export:
            _export(recipe, model)
    return metrics


def write_calibration(
    out: Path,
    corpus: Path,
    clips: Sequence[ClipLabels],
    predictions: Sequence[ClipPrediction],
    native: Sequence[ClipPrediction],
    calibrate_with: Sequence[Path] = (),
) -> None:
    """Calibrate an engine with the predictions of earlier runs or, without such, with its own.

    Args:
        out: The folder of the engine; without any predictions no calibration is written.
        corpus: The corpus of the earlier runs.
        clips: The labels of the engine's held-out clips.
        predictions: What it says of them.
        native: What it says of good readings by native voices that it had not heard.
        calibrate_with: Folders of earlier runs.

    Raises:
        CorpusError: The predictions of an earlier run are of another corpus.
    """
    if calibrate_with:
        predictions = _predictions_in([folder / PREDICTIONS for folder in calibrate_with])
        native_files = [folder / NATIVE_PREDICTIONS for folder in calibrate_with]
        native = _predictions_in([file for file in native_files if file.exists()])
        clips = labels_of(corpus, [one.id for one in predictions])
    if predictions:
        calibration = calibrate(clips, predictions, native)
        write_whole(out / CALIBRATION, calibration.model_dump_json(indent=1) + "\n")


def _predictions_in(files: Sequence[Path]) -> list[ClipPrediction]:
    return [one for file in files for one in load_predictions(file)]


def labels_of(corpus: Path, ids: Sequence[str]) -> list[ClipLabels]:
    """Return the labels of utterances of a corpus, in the order of their ids.

    Raises:
        CorpusError: It does not have them all.
    """
    train, test = load_corpus(corpus, "train"), load_corpus(corpus, "test")
    by_id = {one.id: one for one in corpus_labels(corpus, train, test)}
    missing = [name for name in ids if name not in by_id]
    if missing:
        raise CorpusError(
            f"{corpus} has no utterance {missing[0]} and {len(missing) - 1} more that calibrate_with "
            "predicts: give runs on the same corpus"
        )
    return [by_id[name] for name in ids]


def _export(recipe: PocketRecipe, model: PocketModel) -> None:
    """Write the ONNX files, the phone model for recognition without reference, and the description."""
    from enunciate.pocket.training.export import export_pocket

    export_pocket(model.cpu(), recipe.out)
    # The phones of the train split alone: recognition is measured on the texts of the test split.
    texts = load_corpus(recipe.corpus, "train")
    sequences = [[label for word in u.words or () for label in classes_of(word.phones)] for u in texts]
    save_phone_model(train_phone_model(sequences), recipe.out / PHONE_MODEL)
    description = {"name": "pocket", "version": recipe.version}
    write_whole(recipe.out / DESCRIPTION, json.dumps(description) + "\n")
