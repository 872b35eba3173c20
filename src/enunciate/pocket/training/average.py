"""Average the weights of finished engines, and calibrate the mean.

    python -m enunciate.pocket.training.average ENGINE ENGINE ... --out FOLDER --corpus DIR
        [--shares 2 1] [--native FOLDER] [--calibrate-with FOLDER FOLDER]

The engines come from runs of the recipe `pocket` with the same split and seed, and so began with the same
weights. Their mean is judged better than any of them (`docs/pocket.md`), at the cost of one. Where they hold
speakers out, the mean predicts these speakers' clips, and is calibrated with them.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from enunciate.corpus.speechocean762 import load_corpus
from enunciate.corpus.synthetic.neural_clip import read_neural
from enunciate.errors import EnunciateError
from enunciate.pocket.training.anchor import native_utterance
from enunciate.pocket.training.finish import (
    NATIVE_PREDICTIONS,
    PREDICTIONS,
    labels_of,
    write_calibration,
)
from enunciate.pocket.training.onnx_average import average_onnx
from enunciate.pocket.training.predictions import save_predictions
from enunciate.pocket.training.runtime_predictions import predict_utterances
from enunciate.pocket.weights_folder import (
    DESCRIPTION,
    ENCODER,
    PHONE_MODEL,
    SCORER,
    SCORER_WITHOUT_REFERENCE,
)
from enunciate.storage import writing_to
from enunciate.training.speaker_split import HELD_OUT


def average(engines: Sequence[Path], shares: Sequence[float], out: Path) -> None:
    """Write the weighted mean of engines, without a calibration.

    Args:
        engines: Folders of engines that began with the same weights.
        shares: What each counts; only their ratios matter.
        out: The folder to write.

    Raises:
        EnunciateError: The engines are of different networks, or have not held out the same clips.
        OutputError: A file cannot be written.
    """
    if len(shares) != len(engines) or min(shares) <= 0:
        raise EnunciateError(f"give a share above 0 for each of the {len(engines)} engines")
    for engine in engines[1:]:
        if _held_out(engine) != _held_out(engines[0]):
            raise EnunciateError(
                f"{engine} has held out other clips than {engines[0]}: average runs of one split"
            )
    with writing_to(out):
        out.mkdir(parents=True, exist_ok=True)
        parts = [share / sum(shares) for share in shares]
        for name in (ENCODER, SCORER, SCORER_WITHOUT_REFERENCE):
            average_onnx([engine / name for engine in engines], parts, out / name)
        for name in (PHONE_MODEL, DESCRIPTION, HELD_OUT):
            shutil.copy(engines[0] / name, out / name)


def calibrate_engine(
    engine: Path, corpus: Path, native: Path | None = None, calibrate_with: Sequence[Path] = ()
) -> None:
    """Predict the clips that an engine has held out, and calibrate it with them or with earlier runs.

    Args:
        engine: The folder of the engine.
        corpus: The folder of Speechocean762.
        native: A folder of neural speech by voices that the engine has not learnt from.
        calibrate_with: Folders of engines whose predictions calibrate this one in place of its own.

    Raises:
        CorpusError: The corpus lacks a clip, or the folder of speech is broken.
        OutputError: A file cannot be written.
    """
    ids = _held_out(engine)
    split = [u for name in ("train", "test") for u in load_corpus(corpus, name)] if ids else []
    predictions = predict_utterances(engine, [u for u in split if u.id in set(ids)])
    readings = [c for c in read_neural(native) if c.kind == "good"] if native else []
    heard = predict_utterances(engine, [native_utterance(clip) for clip in readings])
    with writing_to(engine):
        if predictions:
            save_predictions(predictions, engine / PREDICTIONS)
        if heard:
            save_predictions(heard, engine / NATIVE_PREDICTIONS)
        labels = labels_of(corpus, [one.id for one in predictions])
        write_calibration(engine, corpus, labels, predictions, heard, calibrate_with)


def _held_out(engine: Path) -> list[str]:
    return json.loads((engine / HELD_OUT).read_text(encoding="utf-8"))


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("engines", type=Path, nargs="+", metavar="ENGINE")
    parser.add_argument("--out", type=Path, required=True, help="the folder of the mean")
    parser.add_argument("--corpus", type=Path, required=True, help="the folder of Speechocean762")
    parser.add_argument(
        "--shares", type=float, nargs="+", help="what each engine counts; without it, all the same"
    )
    parser.add_argument("--native", type=Path, help="neural speech by voices that were not learnt from")
    parser.add_argument("--calibrate-with", type=Path, nargs="+", default=[], metavar="FOLDER")
    arguments = parser.parse_args()
    average(arguments.engines, arguments.shares or [1.0] * len(arguments.engines), arguments.out)
    calibrate_engine(arguments.out, arguments.corpus, arguments.native, arguments.calibrate_with)


if __name__ == "__main__":
    main()
