"""`gopt`: a small transformer on goodness of pronunciation; it runs without torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from enunciate.baselines.assessor import EncoderAssessor, assess_by_phones
from enunciate.baselines.gopt.features import GopVectors, gop_vectors
from enunciate.conformer.features import Outputs
from enunciate.conformer.forced_alignment import Alignment
from enunciate.conformer.listener import AlignedClip
from enunciate.conformer.results import ScorerOutputs
from enunciate.conformer.weights_folder import CALIBRATION
from enunciate.pocket.calibration import Calibration
from enunciate.pocket.onnx_session import Session
from enunciate.schema import Assessment, Score, WordResult

Array = npt.NDArray[np.float64]
GOPT = "gopt.onnx"
GOPT_WITHOUT_REFERENCE = "gopt_without_text.onnx"
WORD_ACCURACY = 0
"""The index of accuracy, the word score that is shown, among accuracy, stress and total."""


class GoptAssessor(EncoderAssessor):
    """The engine of `gopt`; see `enunciate.engines.Assessor`."""

    def __init__(self, folder: Path, *, lexicon: Path | None = None, threads: int = 1) -> None:
        super().__init__(folder, lexicon=lexicon, threads=threads)
        self._with_reference = Session(folder / GOPT, threads)
        self._without_reference = Session(folder / GOPT_WITHOUT_REFERENCE, threads)
        self._calibration = Calibration.model_validate_json((folder / CALIBRATION).read_text("utf-8"))

    def assess_clip(self, clip: AlignedClip) -> Assessment:
        """Assess one aligned clip."""
        words: list[Array] = []

        def with_reference(out: Outputs, alignment: Alignment) -> ScorerOutputs:
            phone, utterance, *by_phone = _run(self._with_reference, gop_vectors(out, alignment))
            words.extend(mean_by_word(values[:, WORD_ACCURACY], alignment.word) for values in by_phone)
            return _scores(phone, utterance)

        def without_reference(out: Outputs, alignment: Alignment) -> ScorerOutputs:
            phone, utterance = _run(self._without_reference, gop_vectors(out, alignment))
            return _scores(phone, utterance)

        assessment = assess_by_phones(
            clip,
            self._name,
            self._calibration,
            with_reference=with_reference,
            without_reference=without_reference,
        )
        return self._with_word_scores(assessment, words[0]) if words else assessment

    def _with_word_scores(self, assessment: Assessment, values: Array) -> Assessment:
        """Replace the word scores derived from phones by learnt ones; an omitted word keeps its 0."""
        rescored = [
            word if word.error == "omission" else self._rescored(word, float(value))
            for word, value in zip(assessment.words, values, strict=True)
        ]
        return assessment.model_copy(update={"words": tuple(rescored)})

    def _rescored(self, word: WordResult, value: float) -> WordResult:
        low, high = self._calibration.word.at(value)
        return word.model_copy(update={"score": Score(value=value, low=low, high=high)})


def mean_by_word(values: Array, word: npt.NDArray[np.int64]) -> Array:
    """Average the scores (U,) of phones over each word: (W,) from 0 to 10."""
    return np.clip(np.bincount(word, values) / np.bincount(word), 0, 10)


def _run(session: Session, vectors: GopVectors) -> list[Array]:
    outputs = session.run({"classes": vectors.classes[None], "gop": vectors.gop[None]})
    return [output[0].astype(np.float64) for output in outputs]


def _scores(phone: Array, utterance: Array) -> ScorerOutputs:
    phone = np.clip(phone, 0, 2)
    return ScorerOutputs(phone, 1 - phone / 2, np.clip(utterance, 0, 10))
