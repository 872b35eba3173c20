"""The trained part of `gop` and `gop-hmm`: regressions on goodness, and their calibration."""

from __future__ import annotations

from pathlib import Path

from enunciate.baselines.clip_prediction import BaselinePrediction
from enunciate.baselines.gop.goodness import Evidence, Goodness
from enunciate.baselines.gop.regression import PhoneRegression
from enunciate.baselines.labelled_clip import LabelledClip
from enunciate.baselines.linear_regression import LinearRegression
from enunciate.baselines.results import BaselineScores, assess_by_phones
from enunciate.pocket.calibration import Calibration
from enunciate.pocket.listener import AlignedClip
from enunciate.pocket.weights_folder import CALIBRATION
from enunciate.schema import Assessment, FrozenModel

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

    def predict(self, clip: LabelledClip[Goodness]) -> BaselinePrediction:
        """Predict the scores of a clip, with its reference text and without it."""
        scores = self.scores(clip.with_reference)
        without = self.scores_without_reference(clip.without_reference)
        return BaselinePrediction(scores.utterance, without.utterance, scores.phone)

    def scores(self, goodness: Goodness) -> BaselineScores:
        """Score the canonical phones of a reference text, and the utterance."""
        phone = self.phone(goodness.select(self.evidence), goodness.classes)
        return BaselineScores(self.read(goodness.pooled(self.evidence)), phone)

    def scores_without_reference(self, goodness: Goodness) -> BaselineScores:
        """Score an utterance by the phones heard in it; the phones themselves get no score."""
        return BaselineScores(self.heard(goodness.pooled(self.evidence)), None)


class GopModel:
    """Regressions and their calibration."""

    def __init__(self, regressions: GopRegressions, calibration: Calibration) -> None:
        self.regressions, self.calibration = regressions, calibration

    def predict(self, clip: LabelledClip[Goodness]) -> BaselinePrediction:
        """Predict the scores of a clip."""
        return self.regressions.predict(clip)

    def assess(self, clip: AlignedClip, model: str, goodness: Goodness | None) -> Assessment:
        """Assess an aligned clip.

        Args:
            clip: The clip.
            model: The name of the engine and its weights.
            goodness: The goodness of its aligned phones; None where no phone was heard.
        """
        scores = None
        if goodness is not None and clip.reference is None:
            scores = self.regressions.scores_without_reference(goodness)
        elif goodness is not None:
            scores = self.regressions.scores(goodness)
        return assess_by_phones(clip, model, scores, self.calibration)

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
