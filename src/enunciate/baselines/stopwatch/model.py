"""The trained part of `stopwatch`: linear regressions on a few times, and the intervals of their scores."""

from __future__ import annotations

from pathlib import Path

from enunciate.baselines.clip_prediction import BaselinePrediction
from enunciate.baselines.labelled_clip import LabelledClip
from enunciate.baselines.linear_regression import Array, LinearRegression
from enunciate.pocket.calibration import IntervalTable
from enunciate.schema import ASPECTS, Aspect, FrozenModel, Score

STOPWATCH = "stopwatch.json"


class ScoredTimes(FrozenModel):
    """A regression from predictors to the four utterance scores, with their 90% intervals."""

    regression: LinearRegression
    intervals: dict[Aspect, IntervalTable]

    def scores(self, inputs: Array) -> dict[Aspect, Score]:
        """Return the scores of one clip from its predictors, shape (K,)."""
        values = dict(zip(ASPECTS, self.regression(inputs).tolist(), strict=True))
        scores: dict[Aspect, Score] = {}
        for aspect, value in values.items():
            low, high = self.intervals[aspect].at(value)
            scores[aspect] = Score(value=value, low=low, high=high)
        return scores


class StopwatchModel(FrozenModel):
    """Both regressions."""

    with_reference: ScoredTimes
    """On `metrics.stopwatch.predictors`."""
    without_reference: ScoredTimes
    """On `metrics.stopwatch.times`, which need no text."""

    def predict(self, clip: LabelledClip[Array]) -> BaselinePrediction:
        """Predict the scores of a clip."""
        return BaselinePrediction(
            self.with_reference.regression(clip.with_reference),
            self.without_reference.regression(clip.without_reference),
            None,
        )

    def save(self, folder: Path) -> None:
        """Write the model into a folder."""
        (folder / STOPWATCH).write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")


def load_stopwatch(folder: Path) -> StopwatchModel:
    """Read what `StopwatchModel.save` wrote."""
    return StopwatchModel.model_validate_json((folder / STOPWATCH).read_text(encoding="utf-8"))
