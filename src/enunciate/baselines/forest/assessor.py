"""`prosody-forest`: utterance scores from how fast, how evenly and with what melody a clip was spoken.

It uses nothing of how the phones sounded, and so gives no scores of words and phones. Whatever other systems
gain over it comes from listening to the phones.
"""

from __future__ import annotations

from pathlib import Path

from enunciate.assembly.score_distribution import score_from_distribution
from enunciate.baselines.assessor import EncoderAssessor
from enunciate.baselines.forest.model import load_forests
from enunciate.baselines.forest.prosody import prosody_features
from enunciate.pocket.listener import AlignedClip
from enunciate.pocket.results import assemble_aligned
from enunciate.schema import ASPECTS, Aspect, Assessment, Score


class ForestAssessor(EncoderAssessor):
    """The engine of `prosody-forest`; see `enunciate.engines.Assessor`."""

    def __init__(self, folder: Path, *, lexicon: Path | None = None, threads: int = 1) -> None:
        super().__init__(folder, lexicon=lexicon, threads=threads)
        self._model = load_forests(folder)

    def assess_clip(self, clip: AlignedClip) -> Assessment:
        """Assess one aligned clip."""
        scores: dict[Aspect, Score | None] = dict.fromkeys(ASPECTS)
        if clip.alignment is not None:
            model = self._model
            forest = model.without_reference if clip.reference is None else model.with_reference
            shares = forest.distribution(prosody_features(clip.outputs, clip.alignment))
            scores |= {
                aspect: score_from_distribution(shares[k].tolist()) for k, aspect in enumerate(ASPECTS)
            }
        return assemble_aligned(clip, self._name, scores)
