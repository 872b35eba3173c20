"""What the baselines share as engines: they listen with pocket's encoder, and judge by what was heard."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from enunciate.baselines.folder import read_description
from enunciate.baselines.listening import Heard, Listener
from enunciate.schema import Assessment, Utterance


class ListeningAssessor(ABC):
    """An engine of which only the judging is its own; see `enunciate.assess.Assessor`."""

    def __init__(self, folder: Path, *, lexicon: Path | None = None, threads: int = 1) -> None:
        self._name = read_description(folder).name
        self._listener = Listener(folder, lexicon=lexicon, threads=threads)

    @abstractmethod
    def judge(self, clip: Heard) -> Assessment:
        """Assess one clip by what was heard."""

    @property
    def name(self) -> str:
        """Engine and version of the weights."""
        return self._name

    @property
    def batch_size(self) -> int:
        """Clips are assessed one by one: this many are worth a write to disk."""
        return 16

    def assess(self, utterances: Sequence[Utterance]) -> list[Assessment]:
        """Assess utterances, in order."""
        return [self.judge(self._listener.listen(utterance)) for utterance in utterances]

    def recognise(self, utterances: Sequence[Utterance]) -> list[tuple[str, ...]]:
        """The phones heard, without looking at the reference text."""
        return [self._listener.phones(self._listener.encode(utterance)) for utterance in utterances]

    def assess_and_recognise(
        self, utterances: Sequence[Utterance]
    ) -> list[tuple[Assessment, tuple[str, ...]]]:
        """Both, for one run of the encoder."""
        clips = (self._listener.listen(utterance) for utterance in utterances)
        return [(self.judge(clip), self._listener.phones(clip.out)) for clip in clips]
