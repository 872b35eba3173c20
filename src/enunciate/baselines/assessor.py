"""What the baselines share as engines."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from enunciate.audio import MAX_CLIP_S
from enunciate.baselines.folder import read_description
from enunciate.pocket.listener import AlignedClip, Listener
from enunciate.schema import Assessment, Utterance


class FolderAssessor:
    """An engine in a baseline's folder, which assesses clips one by one."""

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


class EncoderAssessor(FolderAssessor, ABC):
    """An engine that listens with pocket's encoder; see `enunciate.engines.Assessor`."""

    def __init__(self, folder: Path, *, lexicon: Path | None = None, threads: int = 1) -> None:
        super().__init__(folder)
        self._listener = Listener(
            folder, lexicon=lexicon, threads=threads, longest_s=MAX_CLIP_S, finds_passages=False
        )

    @abstractmethod
    def assess_clip(self, clip: AlignedClip) -> Assessment:
        """Assess one aligned clip."""

    def assess(self, utterances: Sequence[Utterance]) -> list[Assessment]:
        """Assess utterances, in order.

        Raises:
            AudioError: A clip cannot be assessed.
            TextError: A text cannot be turned into phones, or has too many for its clip.
        """
        return [self.assess_clip(self._listener.listen(utterance)) for utterance in utterances]

    def recognise(self, utterances: Sequence[Utterance]) -> list[tuple[str, ...]]:
        """Return the phones heard in each utterance, without use of the reference text."""
        return [self._listener.recognise(utterance) for utterance in utterances]

    def assess_and_recognise(
        self, utterances: Sequence[Utterance]
    ) -> list[tuple[Assessment, tuple[str, ...]]]:
        """Return the results of `assess` and `recognise` for one run of the encoder."""
        clips = (self._listener.listen(utterance) for utterance in utterances)
        return [(self.assess_clip(clip), self._listener.phones(clip)) for clip in clips]
