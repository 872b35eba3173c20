"""Training examples of the scorer: features from the exported encoder, with human labels."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

import numpy as np
import numpy.typing as npt

from enunciate.audio import load
from enunciate.conformer.acoustic_model import AcousticModel
from enunciate.conformer.features import Outputs, ScorerInputs, mismatched, phone_features
from enunciate.conformer.forced_alignment import Alignment, align, align_heard
from enunciate.pocket.ctc import HEARING, PhoneModel, beam_search, load_phone_model
from enunciate.pocket.symbols import BLANK, classes_of
from enunciate.schema import ASPECTS, Utterance

_models: dict[Path, AcousticModel] = {}
_phone_models: dict[Path, PhoneModel] = {}


@dataclass(frozen=True)
class ScoredClip:
    """One clip of U phones with its human scores."""

    features: ScorerInputs
    phone_scores: npt.NDArray[np.float32]
    """(U,) 0 to 2, -1 where unknown."""
    scores: npt.NDArray[np.float32]
    """(4,) 0 to 10 in the order of `ASPECTS`, NaN where unknown."""
    word: npt.NDArray[np.int64]
    """(U,) index of each phone's word."""
    mismatched: bool
    """Whether something other than the text was said."""


def load_clips(utterances: Sequence[Utterance], encoders: Sequence[Path], workers: int) -> list[ScoredClip]:
    """Encode each utterance with its encoder, align and label; canonical phones are known."""
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(_load_clip, utterances, encoders, chunksize=16))


def hear_clips(
    utterances: Sequence[Utterance], encoders: Sequence[Path], phone_model: Path, workers: int
) -> list[ScoredClip]:
    """Encode and label without reference: each phone heard is a word of its own, without a score."""
    with ProcessPoolExecutor(workers) as pool:
        jobs = pool.map(_hear_clip, utterances, encoders, repeat(phone_model), chunksize=16)
        return list(jobs)


def _encode(utterance: Utterance, encoder: Path) -> Outputs:
    if encoder not in _models:
        _models[encoder] = AcousticModel(encoder)
    return _models[encoder](load(utterance.audio).samples)


def _load_clip(utterance: Utterance, encoder: Path) -> ScoredClip:
    words = utterance.words or ()
    outputs = _encode(utterance, encoder)
    alignment = align(outputs.frame, [[classes_of(word.phones)] for word in words])
    known = [s for w in words for s in w.phone_scores or (-1.0,) * len(w.phones)]
    return _label(outputs, alignment, known, utterance)


def _hear_clip(utterance: Utterance, encoder: Path, phone_model: Path) -> ScoredClip:
    if phone_model not in _phone_models:
        _phone_models[phone_model] = load_phone_model(phone_model)
    outputs = _encode(utterance, encoder)
    heard = beam_search(outputs.ctc, _phone_models[phone_model], HEARING)
    if not heard:  # the scorer needs at least one phone: the most likely one
        heard = [int(outputs.ctc[:, BLANK + 1 :].max(axis=0).argmax()) + BLANK + 1]
    alignment = align_heard(outputs.frame, heard)
    return _label(outputs, alignment, [-1.0] * len(alignment.classes), utterance)


def _label(outputs: Outputs, alignment: Alignment, known: list[float], utterance: Utterance) -> ScoredClip:
    given = [getattr(utterance.scores, aspect, None) for aspect in ASPECTS]
    scores = np.array([np.nan if score is None else score for score in given], dtype=np.float32)
    return ScoredClip(
        phone_features(outputs, alignment),
        np.array(known, dtype=np.float32),
        scores,
        alignment.word,
        mismatched(outputs, alignment),
    )
