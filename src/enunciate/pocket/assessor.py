"""The `pocket` engine: an `Assessor` that needs NumPy and ONNX Runtime only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from importlib import resources
from pathlib import Path

import numpy as np

from enunciate import audio
from enunciate.phones import Lexicon
from enunciate.phones.reference import read_reference
from enunciate.pocket.acoustic_model import AcousticModel
from enunciate.pocket.calibration import Calibration
from enunciate.pocket.ctc import HEARING, PhoneModel, beam_search, load_phone_model
from enunciate.pocket.features import Outputs, mismatched, phone_features
from enunciate.pocket.forced_alignment import Alignment, align_heard
from enunciate.pocket.onnx_session import Session
from enunciate.pocket.phone_timing import fit_text
from enunciate.pocket.reading import Scores, free_result, reference_result
from enunciate.pocket.symbols import classes_of, phone_of
from enunciate.pocket.weights_folder import (
    CALIBRATION,
    DESCRIPTION,
    ENCODER,
    FREE_SCORER,
    PHONE_MODEL,
    SCORER,
)
from enunciate.schema import Assessment, Notice, Utterance

MISMATCH = (
    "what was said does not match the text: the scores are those that people give then. Check that text and "
    "recording belong together; if they do, record again closer to the microphone"
)
NO_REFERENCE = (
    "no text was given: the phones are those heard, without scores, and the scores of the whole are less sure"
)


def packaged_weights() -> Path:
    """Folder of the weights that ship in the package."""
    return Path(str(resources.files("enunciate.pocket"))) / "weights"


class PocketAssessor:
    """Scores clips on a CPU; see `enunciate.engines.Assessor`."""

    def __init__(self, folder: Path, *, lexicon: Path | None = None, threads: int = 1) -> None:
        self._folder, self._threads = folder, threads
        description = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        self._name = f"{description['name']} {description['version']}"
        self._acoustic = AcousticModel(folder / ENCODER, threads)
        self._scorer = Session(folder / SCORER, threads)
        self._calibration = Calibration.model_validate_json(
            (folder / CALIBRATION).read_text(encoding="utf-8")
        )
        self._lexicon = Lexicon.default(lexicon)

    @cached_property
    def _free_scorer(self) -> Session:
        """Loaded when first needed: with a text it never is, and a single clip should not wait for it."""
        return Session(self._folder / FREE_SCORER, self._threads)

    @cached_property
    def _phone_model(self) -> PhoneModel:
        """Loaded when first needed, for the same reason."""
        return load_phone_model(self._folder / PHONE_MODEL)

    @property
    def name(self) -> str:
        """Engine and version of the weights."""
        return self._name

    def assess(self, utterances: Sequence[Utterance]) -> list[Assessment]:
        """Assess utterances, in order."""
        return [self._assess(utterance)[0] for utterance in utterances]

    def recognise(self, utterances: Sequence[Utterance]) -> list[tuple[str, ...]]:
        """The phones heard, without looking at the reference text."""
        outs = (self._acoustic(audio.load(utterance.audio).samples) for utterance in utterances)
        return [self._recognise(out) for out in outs]

    @property
    def batch_size(self) -> int:
        """Clips are assessed one by one."""
        return 1

    def assess_and_recognise(
        self, utterances: Sequence[Utterance]
    ) -> list[tuple[Assessment, tuple[str, ...]]]:
        """Both, for one run of the encoder."""
        both = (self._assess(utterance) for utterance in utterances)
        return [(assessment, self._recognise(out)) for assessment, out in both]

    def _assess(self, utterance: Utterance) -> tuple[Assessment, Outputs]:
        speech = audio.load(utterance.audio)
        reading = read_reference(utterance, self._lexicon)
        out = self._acoustic(speech.samples)
        notices = list(audio.warnings_for(speech))
        if reading is not None:
            variants = [[classes_of(phones) for phones in word] for word in reading.variants]
            found = fit_text(out.frame, variants, utterance.id)
            other = mismatched(out, found)
            if other:
                notices.append(Notice(code="text_mismatch", message=MISMATCH))
            scores = self._score(self._scorer, out, found)
            assessment = reference_result(
                utterance,
                self._name,
                speech.duration_s,
                reading.words,
                out,
                found,
                scores,
                self._calibration,
                notices,
                mismatch=other,
            )
            return assessment, out
        notices.append(Notice(code="no_reference", message=NO_REFERENCE))
        heard = self._hear(out)
        found = align_heard(out.frame, heard) if heard else None
        scores = self._score(self._free_scorer, out, found) if found else None
        assessment = free_result(
            utterance, self._name, speech.duration_s, out, found, scores, self._calibration, notices
        )
        return assessment, out

    def _recognise(self, out: Outputs) -> tuple[str, ...]:
        return tuple(map(phone_of, self._hear(out)))

    def _hear(self, out: Outputs) -> list[int]:
        return beam_search(out.ctc, self._phone_model, HEARING)

    def _score(self, scorer: Session, out: Outputs, found: Alignment) -> Scores:
        features = phone_features(out, found)
        phone, wrong, utterance = scorer.run(
            {
                "classes": features.classes[None],
                "phone": features.phone[None],
                "quality": features.quality[None],
                "utterance": features.utterance[None],
            },
        )
        return Scores(
            np.clip(phone[0], 0, 2).astype(np.float64),
            wrong[0].astype(np.float64),
            np.clip(utterance[0], 0, 10).astype(np.float64),
        )
