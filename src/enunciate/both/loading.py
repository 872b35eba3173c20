"""How the engine `both` is loaded."""

from __future__ import annotations

from pathlib import Path

from enunciate.both.assessor import BothAssessor
from enunciate.pocket.assessor import PocketAssessor, packaged_weights
from enunciate.schema import Accent
from enunciate.speech_lm.runtimes import load_with_onnx


def load_both(*, lexicon: Path | None, accent: Accent, threads: int) -> BothAssessor:
    """Load `pocket` and `whisper` with what ships in the package.

    Raises:
        ModelNotFoundError: There is no base of Whisper on this machine.
        MissingExtraError: A package of the extra `whisper` is not installed.
    """
    whisper = load_with_onnx(None, lexicon=lexicon, accent=accent, threads=threads)
    pocket = PocketAssessor(packaged_weights(), lexicon=lexicon, accent=accent, threads=threads)
    return BothAssessor(pocket, whisper)
