"""Clips as the scorer learns from them: features from the exported encoder, labels from people."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

import numpy as np
import numpy.typing as npt

from enunciate.acoustic.acoustic_model import AcousticModel
from enunciate.acoustic.align import align
from enunciate.acoustic.features import PhoneFeatures, phone_features
from enunciate.acoustic.symbols import classes_of
from enunciate.audio import load
from enunciate.schema import ASPECTS, Utterance

_models: dict[Path, AcousticModel] = {}


@dataclass(frozen=True)
class ScoredClip:
    """One clip of U phones with its human scores."""

    features: PhoneFeatures
    phone_scores: npt.NDArray[np.float32]
    """(U,) 0 to 2, -1 where unknown."""
    scores: npt.NDArray[np.float32]
    """(4,) 0 to 10 in the order of `ASPECTS`, NaN where unknown."""
    word: npt.NDArray[np.int64]
    """(U,) index of each phone's word."""


def load_clips(utterances: Sequence[Utterance], encoder: Path, workers: int) -> list[ScoredClip]:
    """Encode, align and label utterances whose canonical phones are known."""
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(_load_clip, utterances, repeat(encoder), chunksize=16))


def _load_clip(utterance: Utterance, encoder: Path) -> ScoredClip:
    model = _models.setdefault(encoder, AcousticModel(encoder)) if encoder not in _models else _models[encoder]
    words = utterance.words or ()
    out = model(load(utterance.audio).samples)
    found = align(out.frame, [[classes_of(word.phones)] for word in words])
    known = [s for w in words for s in w.phone_scores or (-1.0,) * len(w.phones)]
    given = [getattr(utterance.scores, aspect) for aspect in ASPECTS]
    scores = np.array([np.nan if score is None else score for score in given], dtype=np.float32)
    return ScoredClip(phone_features(out, found), np.array(known, dtype=np.float32), scores, found.word)
