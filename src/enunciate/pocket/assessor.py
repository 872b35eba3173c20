"""The `pocket` engine: an `Assessor` that needs NumPy and ONNX Runtime only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from enunciate.errors import NoSpeechError
from enunciate.pocket.calibration import Calibration
from enunciate.pocket.listener import AlignedClip, Listener
from enunciate.pocket.mismatch import has_speech, mismatched
from enunciate.pocket.results import assess_aligned
from enunciate.pocket.scorer import Scorers
from enunciate.pocket.weights_folder import CALIBRATION, DESCRIPTION
from enunciate.schema import Assessment, Utterance


def packaged_weights() -> Path:
    """Return the folder of the weights that ship in the package."""
    return Path(str(resources.files("enunciate.pocket"))) / "weights"


class PocketAssessor:
    """Assesses clips on a CPU; implements `enunciate.engines.OnePassAssessor`."""

    def __init__(self, folder: Path, *, lexicon: Path | None = None, threads: int = 1) -> None:
        description = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        self._name = f"{description['name']} {description['version']}"
        self._listener = Listener(folder, lexicon=lexicon, threads=threads)
        self._scorers = Scorers(folder, threads)
        self._calibration = Calibration.model_validate_json(
            (folder / CALIBRATION).read_text(encoding="utf-8")
        )

    @property
    def name(self) -> str:
        """Engine and version of the weights."""
        return self._name

    @property
    def batch_size(self) -> int:
        """Clips are assessed one by one."""
        return 1

    def assess(self, utterances: Sequence[Utterance]) -> list[Assessment]:
        """Assess utterances, in order.

        Raises:
            AudioError: A clip cannot be assessed, or nobody speaks in it.
            TextError: A text cannot be turned into phones, or has too many for its clip.
        """
        return [self._assess(self._listener.listen(utterance)) for utterance in utterances]

    def recognise(self, utterances: Sequence[Utterance]) -> list[tuple[str, ...]]:
        """Return the phones heard, without use of the reference text.

        Raises:
            AudioError: A clip cannot be assessed.
        """
        return [self._listener.phones(self._listener.encode(utterance)) for utterance in utterances]

    def assess_and_recognise(
        self, utterances: Sequence[Utterance]
    ) -> list[tuple[Assessment, tuple[str, ...]]]:
        """Return the results of `assess` and `recognise` for one run of the encoder."""
        clips = (self._listener.listen(utterance) for utterance in utterances)
        return [(self._assess(clip), self._listener.phones(clip.outputs)) for clip in clips]

    def _assess(self, clip: AlignedClip) -> Assessment:
        if not has_speech(clip.outputs):
            raise NoSpeechError(
                f"{clip.utterance.id}: no speech was found in the recording: check the microphone, and "
                "record again"
            )
        if clip.alignment is None:
            return assess_aligned(clip, self._name, None, self._calibration)
        if clip.reference is None:
            scores = self._scorers.score_without_reference(clip.outputs, clip.alignment)
            return assess_aligned(clip, self._name, scores, self._calibration)
        scores = self._scorers.score(clip.outputs, clip.alignment, clip.stress, clip.reference.ends_phrase)
        other = mismatched(clip.outputs, clip.alignment)
        return assess_aligned(clip, self._name, scores, self._calibration, mismatched=other)
