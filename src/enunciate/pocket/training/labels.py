"""Labels of recordings and synthetic clips in one form: ranges, so that what is not known costs nothing.

The labels of a copy of Speechocean762 that lacks exact scores are completed thus. Accuracy is exact. Fluency
and prosodic are exact where they are given, else the range of their bin. The total is exact where it is
given, else a range about a linear formula of accuracy, fluency and prosodic, which is fitted to the exact
utterances of the train split alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from enunciate.corpus.label_completion import (
    RANGES,
    LabelRanges,
    ScoreRange,
    fit_total_formula,
    read_ranges,
)
from enunciate.corpus.problems import Problems
from enunciate.corpus.speechocean762 import read_json_object
from enunciate.phones.inventory import is_vowel
from enunciate.pocket.symbols import classes_of
from enunciate.schema import ASPECTS, Utterance

Source = Literal["corpus", "neural", "formant"]
Floats = npt.NDArray[np.float64]
Ends = tuple[list[float], list[float]]
"""Lower and upper ends of ranges."""
NOT_KNOWN = -1.0
TOTAL_TOLERANCE = 0.35
"""Half the width of the range of an estimated total."""
_RANGED = ("fluency", "prosodic")


@dataclass
class ClipLabels:
    """The labels of one clip with U phones in W words. Unknown scores are `NOT_KNOWN`."""

    id: str
    source: Source
    """Recordings, neural voices, or formant and concatenative synthesisers."""
    learn: bool
    """Whether the clip may be learnt from."""
    speaker: str
    classes: list[int]
    """`(U,)` canonical classes."""
    stress: list[int]
    """`(U,)` 1 for the stressed vowel of a word of several syllables."""
    word: list[int]
    """`(U,)` the index of each phone's word."""
    n_words: int
    phone_low: list[float]
    """`(U,)` 0 to 2."""
    phone_high: list[float]
    word_low: list[float]
    """`(W,)` 0 to 10."""
    word_high: list[float]
    low: list[float]
    """`(4,)` 0 to 10, in the order of `ASPECTS`."""
    high: list[float]
    said: list[list[int]] | None = None
    """`(U,)` the classes that were said for each phone; None where only scores tell."""
    segments: list[tuple[int, float, float]] = field(default_factory=list[tuple[int, float, float]])
    """Class, start and end in seconds of what was said, where the synthesiser told; else empty."""
    start: list[float] = field(default_factory=list[float])
    """`(U,)` seconds; empty where not known yet."""
    end: list[float] = field(default_factory=list[float])


def stresses(words: Sequence[Sequence[str]]) -> list[int]:
    """Return 1 for the stressed vowel of each word of several syllables, and 0 for other phones."""
    marks: list[int] = []
    for phones in words:
        several = sum(is_vowel(phone) for phone in phones) > 1
        marks += [int(several and phone.endswith("1")) for phone in phones]
    return marks


def word_indices(words: Sequence[Sequence[str]]) -> list[int]:
    """Return the index of the word of each phone."""
    return [index for index, word in enumerate(words) for _ in word]


def corpus_labels(
    folder: Path, train: Sequence[Utterance], others: Sequence[Utterance] = ()
) -> list[ClipLabels]:
    """Label recordings of Speechocean762.

    Args:
        folder: The folder of the corpus.
        train: The utterances of the train split, from which the labels of all are completed.
        others: Further utterances.

    Returns:
        One entry for each of `train`, then of `others`.

    Raises:
        CorpusError: The file of ranges is broken, or totals have to be estimated from too few exact ones.
    """
    complete = Completion(folder, train)
    utterances = [*train, *others]
    ranges = read_ranges(folder, utterances)
    return [
        _labels_of(utterance, one, complete(utterance, one))
        for utterance, one in zip(utterances, ranges, strict=True)
    ]


def _labels_of(utterance: Utterance, ranges: LabelRanges, whole: Ends) -> ClipLabels:
    words = [word.phones for word in utterance.words or ()]
    scores = [
        score
        for word in utterance.words or ()
        for score in word.phone_scores or [NOT_KNOWN] * len(word.phones)
    ]
    low, high = whole
    return ClipLabels(
        id=utterance.id,
        source="corpus",
        learn=True,
        speaker=utterance.speaker or utterance.id,
        classes=[label for word in words for label in classes_of(word)],
        stress=stresses(words),
        word=word_indices(words),
        n_words=len(words),
        phone_low=scores,
        phone_high=list(scores),
        word_low=[NOT_KNOWN if one is None else one.low for one in ranges.words],
        word_high=[NOT_KNOWN if one is None else one.high for one in ranges.words],
        low=low,
        high=high,
    )


class Completion:
    """Completes utterance scores as ranges, by what the exact utterances of the train split teach."""

    def __init__(self, folder: Path, train: Sequence[Utterance]) -> None:
        self._refine: Floats | None = None
        self._bins: Mapping[str, Any] = {}
        exact = [u for u in train if u.scores is not None and all(_known(u, aspect) for aspect in ASPECTS)]
        if len(exact) == len(train) or not (folder / RANGES).is_file():
            return
        problems = Problems()
        self._bins = read_json_object(folder, RANGES, problems)
        problems.raise_if_any(str(folder))
        self._formula = fit_total_formula(train)
        known: Floats = np.array([[getattr(u.scores, aspect) for aspect in ASPECTS] for u in exact])
        middles: Floats = np.array([self._middles(u.id) for u in exact])
        design = np.column_stack((known[:, 0], middles, np.ones(len(known))))
        self._refine = np.linalg.lstsq(design, known[:, 1:3], rcond=None)[0].astype(np.float64)

    def __call__(self, utterance: Utterance, ranges: LabelRanges) -> Ends:
        """Return both ends of the range of each aspect, `NOT_KNOWN` where nothing is known of it."""
        scores = dict(ranges.scores)
        if "total" not in scores and all(aspect in scores for aspect in ("accuracy", *_RANGED)):
            total = self._total(utterance.id, ranges)
            if total is not None:
                scores["total"] = ScoreRange(total - TOTAL_TOLERANCE, total + TOTAL_TOLERANCE)
        nothing = ScoreRange(NOT_KNOWN, NOT_KNOWN)
        each = [scores.get(aspect, nothing) for aspect in ASPECTS]
        return [float(one.low) for one in each], [float(one.high) for one in each]

    def _middles(self, key: str) -> list[float]:
        return [sum(self._bins[key][aspect]) / 2 for aspect in _RANGED]

    def _total(self, key: str, ranges: LabelRanges) -> float | None:
        """Estimate the total from accuracy and the likeliest scores inside the bins of the others."""
        if self._refine is None:
            return None
        accuracy = ranges.scores["accuracy"].midpoint
        row: Floats = np.array([accuracy, *self._middles(key), 1.0])
        guesses: list[float] = (row @ self._refine).tolist()
        fluency, prosodic = (
            float(np.clip(guess, ranges.scores[aspect].low, ranges.scores[aspect].high))
            for guess, aspect in zip(guesses, _RANGED, strict=True)
        )
        return self._formula(accuracy, fluency, prosodic)


def _known(utterance: Utterance, aspect: str) -> bool:
    return getattr(utterance.scores, aspect, None) is not None
