"""Open the top of a finished engine's scale to native speakers.

    python -m enunciate.pocket.training.anchor WEIGHTS NATIVE

`WEIGHTS` is a folder of an engine, whose `calibration.json` gets scales of the scores with a text. `NATIVE`
is a folder of neural speech by voices that the engine has not learnt from (`corpus.synthetic.neural --test`).
This is for an engine whose predictions for unseen learners are not at hand; a run of the recipe `pocket` fits
its scales itself.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from enunciate.corpus.synthetic.neural_clip import NeuralClip, read_neural
from enunciate.pocket.assessor import PocketAssessor
from enunciate.pocket.calibration import Calibration
from enunciate.pocket.score_scale import anchored_scale
from enunciate.pocket.weights_folder import CALIBRATION
from enunciate.schema import ASPECTS, Aspect, Assessment, Clip, Utterance
from enunciate.storage import write_whole, writing_to

RATE_HZ = 16_000


def anchor(weights: Path, native: Path) -> Calibration:
    """Fit the scales of an engine to native readings, and write them into its calibration.

    Args:
        weights: The folder of the engine. Scales that it has are replaced.
        native: The folder of neural speech; only good readings count.

    Returns:
        The calibration that was written.

    Raises:
        CorpusError: There is no neural speech in the folder.
        OutputError: The calibration cannot be written.
    """
    path = weights / CALIBRATION
    found = Calibration.model_validate_json(path.read_text(encoding="utf-8"))
    plain = found.model_copy(update={"scale": {}})
    clips = [clip for clip in read_neural(native) if clip.kind == "good"]
    with TemporaryDirectory() as place:  # the engine stays as it is until the scales are known
        copy = shutil.copytree(weights, Path(place) / "unscaled")
        write_whole(copy / CALIBRATION, plain.model_dump_json(indent=1) + "\n")
        assessments = PocketAssessor(copy).assess([native_utterance(clip) for clip in clips])
    scales = {aspect: anchored_scale(_values(assessments, aspect)) for aspect in ASPECTS}
    anchored = plain.model_copy(update={"scale": scales})
    with writing_to(path):
        write_whole(path, anchored.model_dump_json(indent=1) + "\n")
    return anchored


def native_utterance(clip: NeuralClip) -> Utterance:
    """Return a clip of neural speech as it is given to an engine, with its text."""
    return Utterance(id=clip.id, audio=Clip(samples=clip.samples, sample_rate_hz=RATE_HZ), text=clip.text)


def _values(assessments: list[Assessment], aspect: Aspect) -> npt.NDArray[np.float64]:
    scores = [getattr(one, aspect) for one in assessments]
    return np.array([score.value for score in scores if score])


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("weights", type=Path)
    parser.add_argument("native", type=Path)
    arguments = parser.parse_args()
    anchor(arguments.weights, arguments.native)


if __name__ == "__main__":
    main()
