"""`gopt`: a small transformer on goodness of pronunciation; it runs without torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from enunciate.baselines.assessor import EncoderAssessor
from enunciate.baselines.gopt.features import GopVectors, gop_vectors
from enunciate.baselines.results import BaselineScores, assess_by_phones
from enunciate.onnx_session import Session
from enunciate.pocket.calibration import Calibration
from enunciate.pocket.forced_alignment import Alignment
from enunciate.pocket.listener import AlignedClip
from enunciate.pocket.weights_folder import CALIBRATION
from enunciate.schema import Assessment

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
        scores = None if clip.alignment is None else self._score(clip, clip.alignment)
        return assess_by_phones(clip, self._name, scores, self._calibration)

    def _score(self, clip: AlignedClip, alignment: Alignment) -> BaselineScores:
        vectors = gop_vectors(clip.outputs, alignment)
        if clip.reference is None:
            _, utterance = _run(self._without_reference, vectors)
            return BaselineScores(np.clip(utterance, 0, 10), None)
        phone, utterance, *by_phone = _run(self._with_reference, vectors)
        word = mean_by_word(by_phone[0][:, WORD_ACCURACY], alignment.word) if by_phone else None
        return BaselineScores(np.clip(utterance, 0, 10), np.clip(phone, 0, 2), word)


def mean_by_word(values: Array, word: npt.NDArray[np.int64]) -> Array:
    """Average the scores (U,) of phones over each word: (W,) from 0 to 10."""
    return np.clip(np.bincount(word, values) / np.bincount(word), 0, 10)


def _run(session: Session, vectors: GopVectors) -> list[Array]:
    outputs = session.run({"classes": vectors.classes[None], "gop": vectors.gop[None]})
    return [output[0].astype(np.float64) for output in outputs]
