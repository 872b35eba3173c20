"""`prosody-forest`: utterance scores from how fast, how evenly and with what melody a clip was spoken.

It uses nothing of how the phones sounded, and so gives no scores of words and phones. Whatever other systems
gain over it comes from listening to the phones.
"""

from __future__ import annotations

from pathlib import Path

from enunciate.assembly.assembler import assemble
from enunciate.assembly.score_distribution import score_from_distribution
from enunciate.assembly.timing import NO_SPEECH
from enunciate.baselines.assessor import EncoderAssessor
from enunciate.baselines.forest.model import load_forests
from enunciate.baselines.forest.prosody import prosody_features
from enunciate.conformer.listener import AlignedClip
from enunciate.conformer.phone_timing import pauses, rates
from enunciate.schema import ASPECTS, Aspect, Assessment, Score


class ForestAssessor(EncoderAssessor):
    """The engine of `prosody-forest`; see `enunciate.engines.Assessor`."""

    def __init__(self, folder: Path, *, lexicon: Path | None = None, threads: int = 1) -> None:
        super().__init__(folder, lexicon=lexicon, threads=threads)
        self._model = load_forests(folder)

    def assess_clip(self, clip: AlignedClip) -> Assessment:
        """Assess one aligned clip."""
        alignment, reference = clip.alignment, clip.reference
        scores: dict[Aspect, Score | None] = dict.fromkeys(ASPECTS)
        if alignment is not None:
            model = self._model
            forest = model.without_reference if reference is None else model.with_reference
            shares = forest.distribution(prosody_features(clip.outputs, alignment))
            scores |= {
                aspect: score_from_distribution(shares[k].tolist()) for k, aspect in enumerate(ASPECTS)
            }
        n_words = None if reference is None else len(reference.words)
        return assemble(
            clip,
            self._name,
            scores=scores,
            used_reference=reference is not None,
            scored_by_text=True,
            pauses=pauses(alignment) if alignment else (),
            rates=rates(alignment, n_words) if alignment else NO_SPEECH,
        )
