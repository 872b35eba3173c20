"""Engines for the processes of a cluster, which are chosen by the name of the model."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from support.fake_assessor import FakeAssessor

from enunciate.distributed.clip_worker import WorkerSettings
from enunciate.engines import Assessor
from enunciate.schema import Assessment, Utterance


class DyingAssessor(FakeAssessor):
    """Kills its process with a clip named "poison", and once with the clip named "stumble"."""

    def __init__(self, mark: Path, log: Path, delay_s: float) -> None:
        super().__init__(delay_s=delay_s)
        self.mark = mark
        self.log = log

    def assess(self, utterances: Sequence[Utterance]) -> list[Assessment]:
        for utterance in utterances:
            if utterance.id == "poison" or (utterance.id == "stumble" and not self.mark.exists()):
                self.mark.touch()
                os._exit(9)
        with self.log.open("a") as lines:
            lines.writelines(f"{os.getpid()} {utterance.id}\n" for utterance in utterances)
        return super().assess(utterances)


@dataclass(frozen=True)
class FakeSettings(WorkerSettings):
    """Loads the engine above, which leaves its marks in a folder."""

    folder: Path = Path()
    delay_s: float = 0.0

    def load(self) -> Assessor:
        return DyingAssessor(self.folder / "mark", self.folder / "log", self.delay_s)
