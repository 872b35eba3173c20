"""The trained part of `gop` and `gop-hmm`: regressions on goodness, and their calibration."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from enunciate.baselines.clip_prediction import ClipPrediction
from enunciate.baselines.gop.goodness import Evidence, Goodness
from enunciate.baselines.gop.regression import Array, LinearRegression, PhoneRegression
from enunciate.baselines.labelled_clip import LabelledClip
from enunciate.conformer.results import ScorerOutputs
from enunciate.conformer.weights_folder import CALIBRATION
from enunciate.pocket.calibration import Calibration
from enunciate.schema import FrozenModel

GOP_REGRESSIONS = "gop.json"


class GopRegressions(FrozenModel):
    """Regressions from goodness to scores."""

    evidence: tuple[Evidence, ...]
    """The forms of goodness that the regressions see."""
    phone: PhoneRegression
    read: LinearRegression
    """The utterance scores of a clip with a reference text."""
    heard: LinearRegression
    """The utterance scores of a clip without one."""

    def predict(self, clip: LabelledClip[Goodness]) -> ClipPrediction:
        """Predict the scores of a clip, with its reference text and without it."""
        scores = self.scores(clip.with_reference)
        without = self.scores_without_reference(clip.without_reference)
        return ClipPrediction(scores.utterance, without.utterance, scores.phone)

    def scores(self, goodness: Goodness) -> ScorerOutputs:
        """Score the canonical phones of a reference text, and the utterance."""
        phone = self.phone(goodness.select(self.evidence), goodness.classes)
        return ScorerOutputs(phone, 1 - phone / 2, self.read(goodness.pooled(self.evidence)))

    def scores_without_reference(self, goodness: Goodness) -> ScorerOutputs:
        """Score an utterance by the phones heard in it; the phones themselves get no score."""
        zeros: Array = np.zeros(len(goodness.classes))
        return ScorerOutputs(zeros, zeros, self.heard(goodness.pooled(self.evidence)))


class GopModel:
    """Regressions and their calibration."""

    def __init__(self, regressions: GopRegressions, calibration: Calibration) -> None:
        self.regressions, self.calibration = regressions, calibration

    def predict(self, clip: LabelledClip[Goodness]) -> ClipPrediction:
        """Predict the scores of a clip."""
        return self.regressions.predict(clip)

    def save(self, folder: Path) -> None:
        """Write both into a folder."""
        regressions = self.regressions.model_dump_json() + "\n"
        (folder / GOP_REGRESSIONS).write_text(regressions, encoding="utf-8")
        (folder / CALIBRATION).write_text(self.calibration.model_dump_json(indent=1) + "\n", encoding="utf-8")


def load_gop(folder: Path) -> GopModel:
    """Read what `GopModel.save` wrote."""
    return GopModel(
        GopRegressions.model_validate_json((folder / GOP_REGRESSIONS).read_text(encoding="utf-8")),
        Calibration.model_validate_json((folder / CALIBRATION).read_text(encoding="utf-8")),
    )
