"""The scorers under ONNX Runtime: one with reference text, one without, both phrase by phrase.

A long reading is scored in phrases (`phrases`), and the scores of the whole are the means of the phrases'
scores, weighted by phones. A long silence that no punctuation explains lies between phrases and is in none of
them, so it lowers fluency here, in proportion to its share of the reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from enunciate.onnx_session import Session
from enunciate.pocket.acoustic_model import FRAME_S, Outputs
from enunciate.pocket.aspects import FLUENCY
from enunciate.pocket.forced_alignment import Alignment
from enunciate.pocket.phrases import Phrase, is_unmarked
from enunciate.pocket.weights_folder import SCORER, SCORER_WITHOUT_REFERENCE

Floats = npt.NDArray[np.float64]

CONTEXT = 5
"""Frames around a phrase that the scorers see."""
TOLERATED_PAUSE_S = 0.6
TOLERATED_UNMARKED_PAUSE_S = 2.0
"""In a text without punctuation, any pause may be one between sentences."""
FLUENCY_LOSS = 6.0
LARGEST_FLUENCY_LOSS = 3.0
"""Silence beyond the tolerated length takes this much of fluency if it fills the whole reading, up to a
limit."""


@dataclass(frozen=True)
class ScorerOutputs:
    """Scores of a phrase with U phones and W words."""

    phone: Floats
    """(U,) from 0 to 2."""
    wrong: Floats
    """(U,) probabilities of a mispronunciation."""
    word: Floats
    """(W,) from 0 to 10."""
    utterance: Floats
    """(4,) from 0 to 10, in the order of `ASPECTS`."""


class Scorers:
    """The scorers of a folder of weights."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self._folder, self._threads = folder, threads
        self._with_reference = Session(folder / SCORER, threads)

    @cached_property
    def _without_reference(self) -> Session:
        """Loaded on first use: an assessment with reference never needs it."""
        return Session(self._folder / SCORER_WITHOUT_REFERENCE, self._threads)

    def score(
        self,
        outputs: Outputs,
        alignment: Alignment,
        stress: npt.NDArray[np.float32],
        phrase: Phrase,
        begin: int = 0,
    ) -> ScorerOutputs:
        """Score one phrase of an aligned reading of a text.

        Args:
            outputs: The acoustic outputs of the reading, or of a stretch of it with the phrase.
            alignment: All canonical phones of the reading.
            stress: For each of them 1 for the stressed vowel of a word of several syllables, else 0.
            phrase: The phrase.
            begin: The frame of the reading with which the outputs begin.
        """
        inside = slice(phrase.first, phrase.last)
        first, last = _frames(phrase, begin, begin + len(outputs.ctc))
        word = alignment.word[inside] - alignment.word[phrase.first]
        inputs = {
            **outputs.cut(first - begin, last - begin),
            "classes": alignment.classes[None, inside],
            "stress": stress[None, inside],
            "word": word[None],
            "start": (alignment.start[None, inside] - first).astype(np.float32),
            "end": (alignment.end[None, inside] - first).astype(np.float32),
            "word_index": np.arange(int(word[-1]) + 1),
        }
        phone, wrong, words, whole = (array.astype(np.float64) for array in self._with_reference.run(inputs))
        return ScorerOutputs(
            np.clip(phone[0], 0, 2), wrong[0], np.clip(words[0], 0, 10), np.clip(whole[0], 0, 10)
        )

    def score_without_reference(self, outputs: Outputs, phrase: Phrase, begin: int = 0) -> ScorerOutputs:
        """Score one phrase of a reading of an unknown text; there are no scores of phones and words."""
        first, last = _frames(phrase, begin, begin + len(outputs.ctc))
        inside = np.zeros((1, last - first), dtype=np.float32)
        inside[0, phrase.start - first : phrase.end - first] = 1.0
        (whole,) = self._without_reference.run({**outputs.cut(first - begin, last - begin), "inside": inside})
        nothing = np.zeros(0)
        return ScorerOutputs(nothing, nothing, nothing, np.clip(whole[0].astype(np.float64), 0, 10))


def whole_scores(utterance: Sequence[Floats], phrases: Sequence[Phrase], lost_fluency: float) -> Floats:
    """Return the scores of a reading, shape (4,), from those of its phrases and its silences between them."""
    whole = np.average(np.stack(utterance), axis=0, weights=[phrase.n_phones for phrase in phrases])
    whole[FLUENCY] -= lost_fluency
    return np.clip(whole, 0, 10)


def _frames(phrase: Phrase, begin: int, end: int) -> tuple[int, int]:
    return max(begin, phrase.start - CONTEXT), min(end, phrase.end + CONTEXT)


def fluency_loss(alignment: Alignment, phrases: Sequence[Phrase], ends_phrase: Sequence[bool]) -> float:
    """Return what silences between phrases cost where no punctuation explains them.

    Args:
        alignment: U canonical phones in W words.
        phrases: The phrases of the reading.
        ends_phrase: (W,) whether a punctuation mark follows the word.
    """
    unmarked = is_unmarked(alignment, ends_phrase)
    tolerated_s = TOLERATED_UNMARKED_PAUSE_S if unmarked else TOLERATED_PAUSE_S
    lost_s = 0.0
    for before, after in pairwise(phrases):
        if not ends_phrase[int(alignment.word[before.last - 1])]:
            lost_s += max(0.0, (after.start - before.end) * FRAME_S - tolerated_s)
    spoken_s = sum(phrase.end - phrase.start for phrase in phrases) * FRAME_S
    return min(LARGEST_FLUENCY_LOSS, FLUENCY_LOSS * lost_s / (spoken_s + lost_s))
