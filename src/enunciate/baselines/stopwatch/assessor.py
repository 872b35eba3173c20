"""`stopwatch`: utterance scores from how long a clip is, how much of it is loud, and how long its text is.

Nothing of how the clip sounds is used, so there are no scores of words and phones. What another system gains
over this one, it owes to listening.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from enunciate.assembly.assembler import assemble
from enunciate.assembly.clip import load_clip
from enunciate.baselines.assessor import FolderAssessor
from enunciate.baselines.stopwatch.model import load_stopwatch
from enunciate.metrics.stopwatch import count_phones, predictors, times
from enunciate.phones import Lexicon
from enunciate.schema import Assessment, Utterance


class StopwatchAssessor(FolderAssessor):
    """The engine of `stopwatch`; see `enunciate.engines.Assessor`."""

    def __init__(self, folder: Path, *, lexicon: Path | None = None) -> None:
        super().__init__(folder)
        self._model = load_stopwatch(folder)
        self._lexicon = Lexicon.default(lexicon)

    def assess(self, utterances: Sequence[Utterance]) -> list[Assessment]:
        """Assess utterances, in order.

        Raises:
            AudioError: A clip cannot be assessed.
            TextError: A text cannot be turned into phones.
        """
        return [self._assess(utterance) for utterance in utterances]

    def recognise(self, utterances: Sequence[Utterance]) -> list[tuple[str, ...]]:
        """Return no phones for each utterance: none are heard."""
        return [()] * len(utterances)

    def assess_and_recognise(self, utterances: Sequence[Utterance]) -> list[tuple[Assessment, None]]:
        """Return assessments and, since no phones are heard, None beside each."""
        return [(assessment, None) for assessment in self.assess(utterances)]

    def _assess(self, utterance: Utterance) -> Assessment:
        clip = load_clip(utterance, self._lexicon)
        timed, reference = times(clip.speech.samples), clip.reference
        if reference is None:
            scores = self._model.without_reference.scores(timed)
        else:
            scores = self._model.with_reference.scores(predictors(timed, count_phones(reference)))
        return assemble(
            clip, self._name, scores=scores, used_reference=reference is not None, scored_by_text=True
        )
