"""`gopt`: goodness of pronunciation, and a small transformer on top of it; it runs without torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from enunciate.baselines.assessor import ListeningAssessor, scored_result
from enunciate.baselines.gopt.features import GopVectors, gop_vectors
from enunciate.pocket.calibration import Calibration
from enunciate.pocket.features import Outputs
from enunciate.pocket.forced_alignment import Alignment
from enunciate.pocket.listener import AlignedClip
from enunciate.pocket.onnx_session import Session
from enunciate.pocket.results import ScorerOutputs
from enunciate.pocket.weights_folder import CALIBRATION
from enunciate.schema import Assessment, Score, WordResult

Array = npt.NDArray[np.float64]
READ = "gopt.onnx"
FREE = "gopt_without_text.onnx"
WORD_ACCURACY = 0
"""Which of a word's three scores is shown."""


class GoptAssessor(ListeningAssessor):
    """The engine."""

    def __init__(self, folder: Path, *, lexicon: Path | None = None, threads: int = 1) -> None:
        super().__init__(folder, lexicon=lexicon, threads=threads)
        self._read, self._free = Session(folder / READ, threads), Session(folder / FREE, threads)
        self._calibration = Calibration.model_validate_json((folder / CALIBRATION).read_text("utf-8"))

    def judge(self, clip: AlignedClip) -> Assessment:
        """Assess one clip by what was heard."""
        words: list[Array] = []

        def read(out: Outputs, found: Alignment) -> ScorerOutputs:
            phone, utterance, *by_phone = _run(self._read, gop_vectors(out, found))
            words.extend(mean_by_word(values[:, WORD_ACCURACY], found.word) for values in by_phone)
            return _scores(phone, utterance)

        def free(out: Outputs, found: Alignment) -> ScorerOutputs:
            phone, utterance = _run(self._free, gop_vectors(out, found))
            return _scores(phone, utterance)

        assessment = scored_result(clip, self._name, self._calibration, read, free)
        return self._with_word_scores(assessment, words[0]) if words else assessment

    def _with_word_scores(self, assessment: Assessment, values: Array) -> Assessment:
        """Learnt scores in the place of those derived from phones; a word left out keeps its 0."""
        rescored = [
            word if word.error == "omission" else self._rescored(word, float(value))
            for word, value in zip(assessment.words, values, strict=True)
        ]
        return assessment.model_copy(update={"words": tuple(rescored)})

    def _rescored(self, word: WordResult, value: float) -> WordResult:
        low, high = self._calibration.word.at(value)
        return word.model_copy(update={"score": Score(value=value, low=low, high=high)})


def mean_by_word(values: Array, word: npt.NDArray[np.int64]) -> Array:
    """(W,) mean of what its phones (U,) say of each word, from 0 to 10."""
    return np.clip(np.bincount(word, values) / np.bincount(word), 0, 10)


def _run(session: Session, seen: GopVectors) -> list[Array]:
    found = session.run({"classes": seen.classes[None], "gop": seen.gop[None]})
    return [array[0].astype(np.float64) for array in found]


def _scores(phone: Array, utterance: Array) -> ScorerOutputs:
    phone = np.clip(phone, 0, 2)
    return ScorerOutputs(phone, 1 - phone / 2, np.clip(utterance, 0, 10))
