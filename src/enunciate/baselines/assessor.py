"""What the baselines share as engines: they listen with pocket's encoder, and judge by what was heard."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path

from enunciate.baselines.folder import read_description
from enunciate.pocket.calibration import Calibration
from enunciate.pocket.features import Outputs
from enunciate.pocket.forced_alignment import Alignment
from enunciate.pocket.listener import AlignedClip, Listener
from enunciate.pocket.results import ScorerOutputs, assess_aligned
from enunciate.schema import Assessment, Utterance

Judging = Callable[[Outputs, Alignment], ScorerOutputs]


class FolderEngine:
    """What the folder of a baseline says of it, whatever it listens with."""

    def __init__(self, folder: Path) -> None:
        self._name = read_description(folder).name

    @property
    def name(self) -> str:
        """Engine and version of the weights."""
        return self._name

    @property
    def batch_size(self) -> int:
        """Clips are assessed one by one."""
        return 1


class ListeningAssessor(FolderEngine, ABC):
    """An engine of which only the judging is its own; see `enunciate.engines.Assessor`."""

    def __init__(self, folder: Path, *, lexicon: Path | None = None, threads: int = 1) -> None:
        super().__init__(folder)
        self._listener = Listener(folder, lexicon=lexicon, threads=threads)

    @abstractmethod
    def judge(self, clip: AlignedClip) -> Assessment:
        """Assess one clip by what was heard."""

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
        return [(self.judge(clip), self._listener.phones(clip.outputs)) for clip in clips]


def scored_result(
    clip: AlignedClip, model: str, calibration: Calibration, read: Judging, free: Judging
) -> Assessment:
    """The assessment of an engine that scores phones: `read` those of the text, `free` a clip without one."""
    judge = free if clip.reference is None else read
    scores = judge(clip.outputs, clip.alignment) if clip.alignment else None
    return assess_aligned(clip, model, scores, calibration)
