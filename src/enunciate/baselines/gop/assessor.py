"""`gop`: the classical approach, goodness of pronunciation (GOP) with small regressions on top."""

from __future__ import annotations

from pathlib import Path

from enunciate.baselines.assessor import EncoderAssessor
from enunciate.baselines.gop.goodness import goodness_of
from enunciate.baselines.gop.model import load_gop
from enunciate.pocket.listener import AlignedClip
from enunciate.schema import Assessment


class GopAssessor(EncoderAssessor):
    """The engine of `gop`; see `enunciate.engines.Assessor`."""

    def __init__(self, folder: Path, *, lexicon: Path | None = None, threads: int = 1) -> None:
        super().__init__(folder, lexicon=lexicon, threads=threads)
        self._model = load_gop(folder)

    def assess_clip(self, clip: AlignedClip) -> Assessment:
        """Assess one aligned clip."""
        goodness = goodness_of(clip.outputs, clip.alignment) if clip.alignment else None
        return self._model.assess(clip, self._name, goodness)
