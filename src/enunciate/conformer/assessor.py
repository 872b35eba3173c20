"""The conformer engine: an `Assessor` for weights that `conformer.training` has trained from scratch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from enunciate.conformer.features import Outputs, mismatched, phone_features
from enunciate.conformer.forced_alignment import Alignment
from enunciate.conformer.listener import AlignedClip, Listener
from enunciate.conformer.results import ScorerOutputs, assess_aligned
from enunciate.conformer.weights_folder import CALIBRATION, DESCRIPTION, SCORER, SCORER_WITHOUT_REFERENCE
from enunciate.pocket.calibration import Calibration
from enunciate.pocket.onnx_session import Session
from enunciate.schema import Assessment, Utterance


class ConformerAssessor:
    """Assesses clips on a CPU; implements `enunciate.engines.OnePassAssessor`."""

    def __init__(self, folder: Path, *, lexicon: Path | None = None, threads: int = 1) -> None:
        self._folder, self._threads = folder, threads
        description = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        self._name = f"{description['name']} {description['version']}"
        self._listener = Listener(folder, lexicon=lexicon, threads=threads)
        self._scorer = Session(folder / SCORER, threads)
        self._calibration = Calibration.model_validate_json(
            (folder / CALIBRATION).read_text(encoding="utf-8")
        )

    @cached_property
    def _scorer_without_reference(self) -> Session:
        """Loaded on first use: an assessment with reference never needs it."""
        return Session(self._folder / SCORER_WITHOUT_REFERENCE, self._threads)

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
            AudioError: A clip cannot be assessed.
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
        if clip.alignment is None:
            return assess_aligned(clip, self._name, None, self._calibration)
        scorer = self._scorer_without_reference if clip.reference is None else self._scorer
        return assess_aligned(
            clip,
            self._name,
            _score(scorer, clip.outputs, clip.alignment),
            self._calibration,
            mismatched=clip.reference is not None and mismatched(clip.outputs, clip.alignment),
        )


def _score(scorer: Session, outputs: Outputs, alignment: Alignment) -> ScorerOutputs:
    features = phone_features(outputs, alignment)
    phone, wrong, utterance = scorer.run(
        {
            "classes": features.classes[None],
            "phone": features.phone[None],
            "quality": features.quality[None],
            "utterance": features.utterance[None],
        },
    )
    return ScorerOutputs(
        np.clip(phone[0], 0, 2).astype(np.float64),
        wrong[0].astype(np.float64),
        np.clip(utterance[0], 0, 10).astype(np.float64),
    )
