"""Clips as the scorer learns from them: features from the exported encoder, labels from people."""

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
    """Something else was said than the text."""


def load_clips(utterances: Sequence[Utterance], encoders: Sequence[Path], workers: int) -> list[ScoredClip]:
    """Encode each utterance with its encoder, align and label; canonical phones are known."""
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(_load_clip, utterances, encoders, chunksize=16))


def hear_clips(
    utterances: Sequence[Utterance], encoders: Sequence[Path], phone_model: Path, workers: int
) -> list[ScoredClip]:
    """The same without the text: the phones are those heard, each a word of its own, and have no scores."""
    with ProcessPoolExecutor(workers) as pool:
        jobs = pool.map(_hear_clip, utterances, encoders, repeat(phone_model), chunksize=16)
        return list(jobs)


def _encode(utterance: Utterance, encoder: Path) -> Outputs:
    if encoder not in _models:
        _models[encoder] = AcousticModel(encoder)
    return _models[encoder](load(utterance.audio).samples)


def _load_clip(utterance: Utterance, encoder: Path) -> ScoredClip:
    words = utterance.words or ()
    out = _encode(utterance, encoder)
    found = align(out.frame, [[classes_of(word.phones)] for word in words])
    known = [s for w in words for s in w.phone_scores or (-1.0,) * len(w.phones)]
    return _label(out, found, known, utterance)


def _hear_clip(utterance: Utterance, encoder: Path, phone_model: Path) -> ScoredClip:
    if phone_model not in _phone_models:
        _phone_models[phone_model] = load_phone_model(phone_model)
    out = _encode(utterance, encoder)
    heard = beam_search(out.ctc, _phone_models[phone_model], HEARING)
    if not heard:  # the scorer wants a phone: the one that came nearest to being heard
        heard = [int(out.ctc[:, BLANK + 1 :].max(axis=0).argmax()) + BLANK + 1]
    found = align_heard(out.frame, heard)
    return _label(out, found, [-1.0] * len(found.classes), utterance)


def _label(out: Outputs, found: Alignment, known: list[float], utterance: Utterance) -> ScoredClip:
    given = [getattr(utterance.scores, aspect, None) for aspect in ASPECTS]
    scores = np.array([np.nan if score is None else score for score in given], dtype=np.float32)
    return ScoredClip(
        phone_features(out, found),
        np.array(known, dtype=np.float32),
        scores,
        found.word,
        mismatched(out, found),
    )
