"""`gop`: the classical way, goodness of pronunciation and a small regression on top of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from enunciate.baselines.assessor import ListeningAssessor, scored_result
from enunciate.baselines.baseline_recipes import Evidence, GopRecipe, HmmGopRecipe
from enunciate.baselines.gop.goodness import Goodness, goodness
from enunciate.baselines.gop.regression import Array, PerClass, Ridge
from enunciate.baselines.listening import LabelledClip
from enunciate.baselines.predicted import Predicted
from enunciate.corpus.splits import speaker_folds
from enunciate.pocket.calibration import Calibration, calibrate
from enunciate.pocket.listener import AlignedClip
from enunciate.pocket.results import ScorerOutputs
from enunciate.pocket.weights_folder import CALIBRATION
from enunciate.schema import Assessment, FrozenModel, Utterance

MODEL = "gop.json"


class Regressions(FrozenModel):
    """From goodness to scores."""

    evidence: tuple[Evidence, ...]
    phone: PerClass
    read: Ridge
    heard: Ridge

    @classmethod
    def fit(cls, clips: Sequence[LabelledClip[Goodness]], recipe: GopRecipe | HmmGopRecipe) -> Regressions:
        """Fit to labelled clips."""
        scores = np.concatenate([clip.phone_scores for clip in clips]).astype(np.float64)
        known = scores >= 0
        forms = np.concatenate([clip.read.of(recipe.evidence) for clip in clips])[known]
        classes = np.concatenate([clip.read.classes for clip in clips])[known]
        answers = np.stack([clip.scores for clip in clips]).astype(np.float64)

        def ridge(seen: list[Goodness]) -> Ridge:
            inputs = np.stack([one.utterance(recipe.evidence) for one in seen])
            return Ridge.fit(inputs, answers, recipe.utterance_ridge, top=10.0)

        return cls(
            evidence=recipe.evidence,
            phone=PerClass.fit(forms, classes, scores[known], recipe.ridge),
            read=ridge([clip.read for clip in clips]),
            heard=ridge([clip.heard for clip in clips]),
        )

    def predict(self, clip: LabelledClip[Goodness]) -> Predicted:
        """ScorerOutputs of a clip with its text and without it."""
        found = self.scores(clip.read)
        return Predicted(found.utterance, self.free_scores(clip.heard).utterance, found.phone)

    def scores(self, seen: Goodness) -> ScorerOutputs:
        """ScorerOutputs of phones that were to be read."""
        phone = self.phone(seen.of(self.evidence), seen.classes)
        return ScorerOutputs(phone, 1 - phone / 2, self.read(seen.utterance(self.evidence)))

    def free_scores(self, seen: Goodness) -> ScorerOutputs:
        """ScorerOutputs of a clip in which these phones were heard; the phones themselves have none."""
        nothing: Array = np.zeros(len(seen.classes))
        return ScorerOutputs(nothing, nothing, self.heard(seen.utterance(self.evidence)))


class GopModel:
    """Regressions, and what their numbers mean."""

    def __init__(self, regressions: Regressions, calibration: Calibration) -> None:
        self.regressions, self.calibration = regressions, calibration

    def predict(self, clip: LabelledClip[Goodness]) -> Predicted:
        """ScorerOutputs of a clip."""
        return self.regressions.predict(clip)

    def save(self, folder: Path) -> None:
        """Write both."""
        (folder / MODEL).write_text(self.regressions.model_dump_json() + "\n", encoding="utf-8")
        (folder / CALIBRATION).write_text(self.calibration.model_dump_json(indent=1) + "\n", encoding="utf-8")


def load_gop(folder: Path) -> GopModel:
    """Read what `GopModel.save` wrote."""
    return GopModel(
        Regressions.model_validate_json((folder / MODEL).read_text(encoding="utf-8")),
        Calibration.model_validate_json((folder / CALIBRATION).read_text(encoding="utf-8")),
    )


def fit_gop(
    clips: Sequence[LabelledClip[Goodness]],
    utterances: Sequence[Utterance],
    recipe: GopRecipe | HmmGopRecipe,
    seed: int,
) -> GopModel:
    """Fit on all clips; threshold and intervals come from speakers that were left out in turn."""
    left_out: dict[int, Predicted] = {}
    for fold in speaker_folds(utterances, recipe.members, seed):
        held = set(fold)
        inner = Regressions.fit([clip for i, clip in enumerate(clips) if i not in held], recipe)
        left_out |= {index: inner.predict(clips[index]) for index in fold}
    found = [left_out[index] for index in range(len(clips))]
    phones = [one.phone for one in found if one.phone is not None]
    calibration = calibrate(
        clips,
        phones,
        [1 - phone / 2 for phone in phones],
        [one.utterance for one in found],
        [one.free for one in found],
    )
    return GopModel(Regressions.fit(clips, recipe), calibration)


class GopAssessor(ListeningAssessor):
    """The engine."""

    def __init__(self, folder: Path, *, lexicon: Path | None = None, threads: int = 1) -> None:
        super().__init__(folder, lexicon=lexicon, threads=threads)
        self._model = load_gop(folder)

    def judge(self, clip: AlignedClip) -> Assessment:
        """Assess one clip by what was heard."""
        regressions = self._model.regressions
        return scored_result(
            clip,
            self._name,
            self._model.calibration,
            lambda out, found: regressions.scores(goodness(out, found)),
            lambda out, found: regressions.free_scores(goodness(out, found)),
        )
