"""The aligner that ships in the package, which also tells the engine `speech_lm` whether anybody speaks.

A language model answers noise as it answers speech, with scores and words. The encoder of `pocket` tells them
apart, and so decides for both engines, by the same limits.
"""

from __future__ import annotations

from enunciate.audio import Samples
from enunciate.pocket.assessor import packaged_weights
from enunciate.pocket.mismatch import has_speech
from enunciate.pocket.phone_timing import PocketAligner
from enunciate.pocket.weights_folder import DESCRIPTION


class PocketSpeechAligner(PocketAligner):
    """The encoder of a folder of pocket weights, as an `assembly.timing.SpeechAligner`."""

    def has_speech(self, samples: Samples) -> bool:
        """Whether anybody speaks, as `pocket` decides it; see `assembly.timing.SpeechAligner`."""
        return has_speech(self.encode(samples))


def packaged_speech_aligner() -> PocketSpeechAligner | None:
    """Return the aligner of the packaged `pocket` weights; None if this installation has none."""
    folder = packaged_weights()
    return PocketSpeechAligner(folder) if (folder / DESCRIPTION).is_file() else None
