"""What every baseline begins with: pocket's encoder, an alignment to the text and one to what was heard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from enunciate.pocket.features import Outputs, mismatched
from enunciate.pocket.forced_alignment import Alignment, align_heard
from enunciate.pocket.listener import Listener
from enunciate.pocket.phone_timing import fit_text
from enunciate.pocket.symbols import BLANK, classes_of
from enunciate.schema import ASPECTS, Utterance

T = TypeVar("T")
Extract = Callable[[Outputs, Alignment], T]


@dataclass(frozen=True)
class LabelledClip(Generic[T]):
    """What a system sees of one clip of U phones, with its human scores (a `calibration.Labelled`)."""

    read: T
    """Of the alignment to the text."""
    heard: T
    """Of the alignment to the phones heard."""
    phone_scores: npt.NDArray[np.float32]
    """(U,) 0 to 2, -1 where unknown."""
    scores: npt.NDArray[np.float32]
    """(4,) 0 to 10 in the order of `ASPECTS`, NaN where unknown."""
    word: npt.NDArray[np.int64]
    """(U,) index of each phone's word."""
    word_scores: npt.NDArray[np.float32]
    """(W, 3) accuracy, stress and total of the words, 0 to 10, NaN where unknown."""
    mismatched: bool
    """Something else was said than the text."""


def listen_clips(
    utterances: Sequence[Utterance], folder: Path, extract: Extract[T], workers: int
) -> list[LabelledClip[T]]:
    """Hear labelled utterances with a folder's encoder; `extract` is a module's function, for processes."""
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(_listen_clip, utterances, repeat(folder), repeat(extract), chunksize=16))


@lru_cache(maxsize=1)
def _listener(folder: Path) -> Listener:
    return Listener(folder)


def _listen_clip(utterance: Utterance, folder: Path, extract: Extract[T]) -> LabelledClip[T]:
    listener = _listener(folder)
    words = utterance.words or ()
    out = listener.encode(utterance)
    found = fit_text(out.frame, [[classes_of(word.phones)] for word in words], utterance.id)
    # A system without text needs a phone to learn from: the one that came nearest to being heard.
    heard = listener.hear(out) or [int(out.ctc[:, BLANK + 1 :].max(axis=0).argmax()) + BLANK + 1]
    phone_scores, scores = labels_of(utterance)
    return LabelledClip(
        extract(out, found),
        extract(out, align_heard(out.frame, heard)),
        phone_scores,
        scores,
        found.word,
        word_labels_of(utterance),
        mismatched(out, found),
    )


def labels_of(utterance: Utterance) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """The human scores of its phones and of the whole, as a `LabelledClip` has them."""
    words = utterance.words or ()
    known = [score for word in words for score in word.phone_scores or (-1.0,) * len(word.phones)]
    given = [getattr(utterance.scores, aspect, None) for aspect in ASPECTS]
    return np.array(known, dtype=np.float32), np.array(_known(given), dtype=np.float32)


def word_labels_of(utterance: Utterance) -> npt.NDArray[np.float32]:
    """The human scores of its words, likewise."""
    words = utterance.words or ()
    return np.array([_known((w.accuracy, w.stress, w.total)) for w in words], dtype=np.float32)


def _known(scores: Sequence[float | None]) -> list[float]:
    return [np.nan if score is None else score for score in scores]
